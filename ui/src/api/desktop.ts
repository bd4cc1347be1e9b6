/** The client of the real window: one command of the shell carries them all. */
import { Channel, invoke } from '@tauri-apps/api/core';
import { Refusal, type Client, type JobProgress } from './client';

export const desktop: Client = {
  async call(name, request, onProgress) {
    const progress = new Channel<JobProgress>();
    progress.onmessage = (step) => onProgress?.(step);
    try {
      return await invoke('call', { name, request, progress });
    } catch (thrown) {
      throw Refusal.from(thrown);
    }
  },
};
