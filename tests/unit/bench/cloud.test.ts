/** The sides of the bench `cloud` do what its cases ask for; how fast is for the bench itself to say. */
import { describe, expect, it } from '@jest/globals';
import { type ChainCase, chainCases } from '../../bench/cloud/chain-cases.ts';
import { newOwnSide as newOwnInterpreter, newPeerSide as newPeerInterpreter } from '../../bench/cloud/chain-sides.ts';
import { newOwnSide as newOwnTable } from '../../bench/cloud/table-sides.ts';
import { writeCases } from '../../bench/cloud/write-cases.ts';
import { type Side } from '../../bench/harness/measure.ts';

/** What the second work of a round leaves behind: the first one must not help it. */
async function outcomeOf(side: Side): Promise<unknown> {
  const round = await side.open();
  try {
    await round.work();
    await round.work();
    return await round.outcome();
  } finally {
    await round.close();
  }
}

const expectedOf = ({ output, transitions }: ChainCase): unknown => ({
  output,
  transitions,
  historyEvents: { entered: transitions, exited: transitions },
});
const chains = chainCases(7);

it.each(chains)('$case: our JSONPath and aws-local-stepfunctions do the same', async (chain) => {
  const { jsonPath, input } = chain;
  expect(await outcomeOf(newOwnInterpreter('ours', jsonPath, input))).toEqual(expectedOf(chain));
  expect(await outcomeOf(newPeerInterpreter('peer', jsonPath, input))).toEqual(expectedOf(chain));
});

it.each(chains.filter(({ jsonata }) => jsonata))('$case: our JSONata does the same', async (chain) => {
  expect(await outcomeOf(newOwnInterpreter('ours', chain.jsonata!, chain.input))).toEqual(expectedOf(chain));
});

describe.each(writeCases(5))('$case', (writes) => {
  it('leaves its items in our table, through the SDK and with IAM on', async () => {
    expect(await outcomeOf(newOwnTable('ours', writes))).toEqual(writes.items);
  });

  it('is refused when it is done again', async () => {
    const round = await newOwnTable('ours', {
      ...writes,
      write: (client) => writes.write(client, 'one partition'),
    }).open();
    await round.work();
    await expect(round.work()).rejects.toThrow('The conditional request failed');
    await round.close();
  });
});
