import { describe, expect, it } from '@jest/globals';
import { benchDocument, newBenchDocument } from '../../bench/harness/document.ts';

const result = {
  case: 'conditional put',
  ours: { writesPerSecond: 900 },
  peers: { dynalite: { writesPerSecond: 300 } },
  goals: [{ peer: 'dynalite', metric: 'writesPerSecond', minRatio: 2 }],
};

describe('the document of a bench', () => {
  it('holds name and cases, and nothing else', () => {
    expect(newBenchDocument('cloud', [result])).toEqual({
      name: 'cloud',
      cases: [
        {
          case: 'conditional put',
          ours: { writesPerSecond: 900 },
          peers: { dynalite: { writesPerSecond: 300 } },
        },
      ],
    });
  });

  const valid = newBenchDocument('cloud', [result]);
  const only = valid.cases[0]!;
  it.each([
    ['no case', { ...valid, cases: [] }],
    ['a further member', { ...valid, node: '22' }],
    ['a further member of a case', { ...valid, cases: [{ ...only, goals: [] }] }],
    ['a name that is no file name', { ...valid, name: 'Cloud bench' }],
    ['a case without metrics', { ...valid, cases: [{ ...only, ours: {} }] }],
    ['text for a number', { ...valid, cases: [{ ...only, ours: { writesPerSecond: '900' } }] }],
    ['a metric that is not a number', { ...valid, cases: [{ ...only, ours: { writesPerSecond: Number.NaN } }] }],
    ['a peer that lacks our metric', { ...valid, cases: [{ ...only, peers: { dynalite: { readsPerSecond: 1 } } }] }],
  ])('refuses %s', (_what, document) => {
    expect(benchDocument.safeParse(document).success).toBe(false);
  });
});
