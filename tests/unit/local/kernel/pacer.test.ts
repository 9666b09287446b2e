import { describe, expect, it } from '@jest/globals';
import { Kernel } from '../../../../local/kernel/kernel.ts';
import { newPacer, type Pacer, PacerMisuse, type WallClock } from '../../../../local/kernel/pacer.ts';

const START_MS = Date.UTC(2026, 0, 5);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A machine whose time moves when the test says so. */
class FakeWall implements WallClock<object> {
  ms = 1_000;
  #timeouts = new Map<object, { atMs: number; task: () => void }>();
  nowMs(): number {
    return this.ms;
  }
  setTimeout(task: () => void, delayMs: number): object {
    const handle = {};
    this.#timeouts.set(handle, { atMs: this.ms + delayMs, task });
    return handle;
  }
  clearTimeout(handle: object): void {
    this.#timeouts.delete(handle);
  }
  get waiting(): number {
    return this.#timeouts.size;
  }
  /** Until the pacer has nothing to do but wait. */
  async rest(): Promise<void> {
    for (let turns = 0; this.#timeouts.size === 0; turns++) {
      if (turns > 1000) throw new Error('the pacer never rests');
      await turn();
    }
  }
  async advance(ms: number): Promise<void> {
    this.ms += ms;
    for (const [handle, { atMs, task }] of [...this.#timeouts]) {
      if (atMs > this.ms) continue;
      this.#timeouts.delete(handle);
      task();
    }
    await this.rest();
  }
}

async function paced(
  rate: number,
): Promise<{ kernel: Kernel; machine: FakeWall; pacer: Pacer; pacing: Promise<void> }> {
  const kernel = new Kernel({ seed: 1, startMs: START_MS });
  const machine = new FakeWall();
  const pacer = newPacer(kernel, { virtualSecondsPerSecond: rate }, machine);
  const pacing = pacer.start();
  pacing.catch(() => undefined);
  await machine.rest();
  return { kernel, machine, pacer, pacing };
}

describe('a pacer', () => {
  it.each([
    [1, 30_000],
    [60, 1_800_000],
    [0.5, 15_000],
  ])('moves the clock %d virtual seconds a second', async (rate, virtualMs) => {
    const { kernel, machine, pacer } = await paced(rate);
    await machine.advance(10_000);
    await machine.advance(20_000);
    expect(kernel.clock.now()).toBe(START_MS + virtualMs);
    await pacer.stop();
    expect(machine.waiting).toBe(0);
  });

  it('fires due timers in order, each after what the one before caused, at their own times', async () => {
    const { kernel, machine, pacer } = await paced(1);
    const seen: string[] = [];
    const note = (name: string): void => void seen.push(`${name} ${kernel.clock.now() - START_MS}`);
    kernel.clock.after(2_000, 'second', () => note('second'));
    kernel.clock.after(1_000, 'first', () => {
      note('first');
      kernel.spawn('consequence', async () => {
        await kernel.inFlight.track('work', turn);
        kernel.clock.after(500, 'between', () => note('between'));
      });
    });
    kernel.clock.after(9_000, 'later', () => note('later'));
    await machine.advance(5_000);
    expect(seen).toEqual(['first 1000', 'between 1500', 'second 2000']);
    expect(kernel.clock.now()).toBe(START_MS + 5_000);
    await pacer.stop();
  });

  it('lets requests that wait in virtual time go on side by side', async () => {
    const { kernel, machine, pacer } = await paced(1);
    const answers: string[] = [];
    for (const [name, ms] of [['long poll', 20_000] as const, ['cold start', 300] as const]) {
      void kernel.clock.sleep(ms, name).then(() => answers.push(name));
    }
    await machine.advance(400);
    expect(answers).toEqual(['cold start']);
    await machine.advance(20_000);
    expect(answers).toEqual(['cold start', 'long poll']);
    await pacer.stop();
  });

  it('wakes up in time for the next timer', async () => {
    const { kernel, machine, pacer } = await paced(1);
    let firedAtMs = 0;
    kernel.clock.after(40, 'soon', () => (firedAtMs = machine.ms));
    for (let i = 0; i < 60; i++) await machine.advance(1);
    expect(firedAtMs).toBe(1_040);
    await pacer.stop();
  });

  it('stands still while something computes, and catches up', async () => {
    const { kernel, machine, pacer } = await paced(1);
    const end = kernel.inFlight.begin('training');
    machine.ms += 4_000;
    await turn();
    expect(kernel.clock.now()).toBe(START_MS);
    end();
    await machine.advance(30);
    expect(kernel.clock.now()).toBe(START_MS + 4_030);
    await pacer.stop();
  });

  it('surfaces a failure of the laptop cloud', async () => {
    const { kernel, machine, pacer, pacing } = await paced(1);
    kernel.clock.after(1_000, 'broken', () =>
      kernel.spawn('delivery', () => Promise.reject(new Error('no such target'))),
    );
    machine.advance(2_000).catch(() => undefined);
    await expect(pacing).rejects.toThrow("background task 'delivery' failed");
    await pacer.stop();
  });

  it('can be stopped and started again without a jump', async () => {
    const { kernel, machine, pacer, pacing } = await paced(1);
    await machine.advance(1_000);
    await pacer.stop();
    await expect(pacing).resolves.toBeUndefined();
    machine.ms += 3_600_000;
    const again = pacer.start();
    expect(() => pacer.start()).toThrow(PacerMisuse);
    await machine.rest();
    await machine.advance(500);
    expect(kernel.clock.now()).toBe(START_MS + 1_500);
    await pacer.stop();
    await again;
  });

  it.each([0, -1, Number.NaN, Infinity])('refuses the rate %d', (virtualSecondsPerSecond) => {
    const kernel = new Kernel({ seed: 1, startMs: START_MS });
    expect(() => newPacer(kernel, { virtualSecondsPerSecond })).toThrow(
      `virtualSecondsPerSecond: ${virtualSecondsPerSecond}`,
    );
  });
});
