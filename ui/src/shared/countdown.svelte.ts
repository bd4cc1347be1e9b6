/** Whole seconds that run down to an end, and stand still while somebody is reading. */
export class Countdown {
  left_s = $state(0);
  paused = $state(false);
  #timer: ReturnType<typeof setInterval> | undefined;

  start(seconds: number, onend: () => void): void {
    this.stop();
    this.left_s = seconds;
    this.#timer = setInterval(() => {
      if (this.paused) return;
      this.left_s -= 1;
      if (this.left_s > 0) return;
      this.stop();
      onend();
    }, 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
