/** Puts requests through a variant's container: one real call for a whole batch of JSON Lines, one call each otherwise. */
import { type ServedContainer } from '../kernel/containers.ts';
import { type InFlight } from '../kernel/in-flight.ts';

export interface Answer {
  /** What the container answered; 500 when it broke the connection. */
  readonly statusCode: number;
  readonly body: Uint8Array;
  readonly contentType: string;
}

export const JSON_LINES = [
  'application/jsonlines',
  'application/x-jsonlines',
  'application/jsonl',
  'application/x-ndjson',
];

const NEWLINE = 10;

/** A body without its last line break, and how many lines it holds. */
function linesOf(body: Uint8Array): { text: Uint8Array; count: number } {
  const trimmed = body[body.length - 1] === NEWLINE ? body.subarray(0, body.length - 1) : body;
  let count = 1;
  for (const byte of trimmed) if (byte === NEWLINE) count++;
  return { text: trimmed, count };
}

const succeeded = (statusCode: number): boolean => statusCode >= 200 && statusCode < 300;

/** Calls a container once. A container that throws has crashed: SageMaker sees a broken connection. */
export async function callContainer(
  inFlight: InFlight,
  container: ServedContainer,
  request: { body: Uint8Array; contentType: string; accept?: string },
): Promise<Answer> {
  try {
    return await inFlight.track('inference', () => container.invoke(request));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { statusCode: 500, body: Buffer.from(message), contentType: 'text/plain' };
  }
}

/**
 * Answers to many requests for one container. A batch that fails as a whole, or whose answer does not have one line for
 * each input line, is repeated request by request, so that one bad request can't fail its neighbours.
 */
export async function inferAll(
  inFlight: InFlight,
  container: ServedContainer,
  bodies: readonly Uint8Array[],
  options: { contentType: string; accept?: string },
): Promise<Answer[]> {
  const batch = bodies.length > 1 && JSON_LINES.includes(options.contentType.split(';')[0]!.trim());
  if (batch) {
    const answers = await inferBatch(inFlight, container, bodies, options);
    if (answers) return answers;
  }
  const answers: Answer[] = [];
  for (const body of bodies) answers.push(await callContainer(inFlight, container, { body, ...options }));
  return answers;
}

async function inferBatch(
  inFlight: InFlight,
  container: ServedContainer,
  bodies: readonly Uint8Array[],
  options: { contentType: string; accept?: string },
): Promise<Answer[] | undefined> {
  const parts = bodies.map(linesOf);
  const joined = Buffer.concat(
    parts.flatMap((part, index) => (index === 0 ? [part.text] : [Buffer.from('\n'), part.text])),
  );
  const answer = await callContainer(inFlight, container, { body: joined, ...options });
  if (!succeeded(answer.statusCode)) return undefined;
  const lines = Buffer.from(answer.body).toString('utf8').replace(/\n$/, '').split('\n');
  if (lines.length !== parts.reduce((sum, part) => sum + part.count, 0)) return undefined;
  let from = 0;
  return parts.map((part) => {
    const own = lines.slice(from, (from += part.count));
    return { ...answer, body: Buffer.from(`${own.join('\n')}\n`) };
  });
}
