/** Moves the virtual clock along the machine's clock: for the loopback port, where real clients wait in real time. */
import { wall } from './globals.ts';
import { type Kernel } from './kernel.ts';

/** The machine's clock and timers, or a test's stand-in for them. */
export interface WallClock<Handle> {
  /** Milliseconds, never going back. */
  nowMs(): number;
  setTimeout(task: () => void, delayMs: number): Handle;
  clearTimeout(handle: Handle): void;
}

export interface PacerOptions {
  /** 1 is real time, 60 a virtual minute a second. More than zero. */
  readonly virtualSecondsPerSecond: number;
}

export interface Pacer {
  /**
   * Begins to move the clock. Resolves when `stop` was called; rejects when the laptop cloud failed, with the clock left
   * where it was. May be called again after that.
   */
  start(): Promise<void>;
  /** Ends the pacing; resolves once the clock stands still. */
  stop(): Promise<void>;
}

export class PacerMisuse extends Error {
  override readonly name = 'PacerMisuse';
}

/** How far requests may see the clock lag behind at most, in real milliseconds. */
const TICK_MS = 25;

/**
 * Due timers fire one by one, each after all that the one before it caused; so the order is that of a run without a pacer.
 * Requests never wait for the pacer. While something really computes (a training, an inference), virtual time stands still
 * and catches up afterwards.
 */
export function newPacer<Handle = NodeJS.Timeout>(
  kernel: Kernel,
  options: PacerOptions,
  machine: WallClock<Handle> = wall as unknown as WallClock<Handle>,
): Pacer {
  const rate = options.virtualSecondsPerSecond;
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new PacerMisuse(`virtualSecondsPerSecond: ${rate} is not a finite number above 0`);
  }
  let stopping = false;
  let running: Promise<void> | undefined;
  let wake: (() => void) | undefined;

  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const handle = machine.setTimeout(() => wake?.(), delayMs);
      wake = () => {
        machine.clearTimeout(handle);
        wake = undefined;
        resolve();
      };
    });

  const pace = async (): Promise<void> => {
    const fromWallMs = machine.nowMs();
    const fromVirtualMs = kernel.clock.now();
    while (!stopping) {
      await kernel.quiesce();
      const dueMs = Math.floor(fromVirtualMs + (machine.nowMs() - fromWallMs) * rate);
      const nextMs = kernel.clock.nextAtMs();
      if (nextMs !== undefined && nextMs <= dueMs) {
        kernel.clock.fireNext();
        continue;
      }
      if (dueMs > kernel.clock.now()) kernel.clock.moveTo(dueMs);
      const untilNextMs = nextMs === undefined ? TICK_MS : (nextMs - dueMs) / rate;
      await sleep(Math.max(1, Math.min(TICK_MS, untilNextMs)));
    }
  };

  return {
    start() {
      if (running) throw new PacerMisuse('the pacer runs already: stop it first');
      stopping = false;
      running = pace().finally(() => {
        running = undefined;
      });
      return running;
    },
    async stop() {
      stopping = true;
      wake?.();
      // The failure of a run belongs to the one who awaits `start`.
      await running?.catch(() => undefined);
    },
  };
}
