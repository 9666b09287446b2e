/**
 * What can go wrong at a port, and what somebody else does there meanwhile. Points are named `<port>.<method>`; `before` a
 * call nothing has happened yet, `after` it the effect is done and the answer is lost. Stores have a third point between
 * their read and their write, `<port>.<method>.write`.
 */
export type Moment = 'before' | 'after';

type Act = () => void | Promise<void>;

interface Planned {
  readonly point: string;
  readonly moment: Moment;
  remaining: number;
  readonly act: Act;
}

export class Faults {
  readonly calls: string[] = [];
  readonly #planned: Planned[] = [];

  /** Throws at a point, `times` times (for ever when left out). A point ending in `*` stands for every point that begins so. */
  fail(point: string, error: Error, options: { moment?: Moment; times?: number } = {}): void {
    const act = (): void => {
      throw error;
    };
    this.#planned.push({ point, moment: options.moment ?? 'before', remaining: options.times ?? Infinity, act });
  }

  /** The effect happens, the caller does not learn of it. */
  loseAnswer(point: string, error: Error = new Error(`the answer of ${point} was lost`)): void {
    this.fail(point, error, { moment: 'after', times: 1 });
  }

  /** Somebody else acts at a point, once. */
  meanwhile(point: string, act: Act, moment: Moment = 'before'): void {
    this.#planned.push({ point, moment, remaining: 1, act });
  }

  heal(): void {
    this.#planned.length = 0;
  }

  count(point: string): number {
    return this.calls.filter((each) => each === point).length;
  }

  async reach(point: string, moment: Moment = 'before'): Promise<void> {
    for (const planned of this.#planned) {
      const matches = planned.point.endsWith('*')
        ? point.startsWith(planned.point.slice(0, -1))
        : planned.point === point;
      if (!matches || planned.moment !== moment || planned.remaining <= 0) continue;
      planned.remaining -= 1;
      await planned.act();
    }
  }
}

type Method = (...parameters: unknown[]) => Promise<unknown>;

/** The same port, whose every asynchronous method is counted and passes the fault points. */
export function faulty<Port extends object>(name: string, faults: Faults, port: Port): Port {
  const wrapped = Object.entries(port).map(([method, value]) => {
    if (typeof value !== 'function') return [method, value];
    const point = `${name}.${method}`;
    const call: Method = async (...parameters) => {
      faults.calls.push(point);
      await faults.reach(point, 'before');
      const result = await (value as Method)(...parameters);
      await faults.reach(point, 'after');
      return result;
    };
    return [method, call];
  });
  return Object.fromEntries(wrapped) as Port;
}
