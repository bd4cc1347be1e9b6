/** A client that answers from a table: for tests. */
import { Refusal, type Client, type CommandName, type JobProgress, type Reply, type Request } from './client';

type Answer<N extends CommandName> = (
  request: Request<N>,
  tell: (progress: JobProgress) => void,
) => Reply<N> | Promise<Reply<N>>;

export type Answers = { [N in CommandName]?: Answer<N> };

/** A command without an answer is refused as the real program refuses one it does not know. */
export function inMemory(answers: Answers): Client {
  return {
    async call(name, request, onProgress) {
      const answer = answers[name];
      if (!answer) {
        throw new Refusal({ code: 'app.no_such_command', params: {}, retryable: false });
      }
      try {
        return await answer(request, (progress) => onProgress?.(progress));
      } catch (thrown) {
        throw Refusal.from(thrown);
      }
    },
  };
}
