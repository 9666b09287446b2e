import { StateMachine } from 'aws-local-stepfunctions';
import { newStepFunctions } from '../../../../local/stepfunctions/service.ts';
import { newFakeCloudContext, ROOT } from '../../../support/fake-cloud-context.ts';
const N = 500, RUNS = 20;
const chain = (make: (i: number) => object, ql?: string) => {
  const States: Record<string, any> = {};
  for (let i = 0; i < N; i++) States['S' + i] = { ...make(i), ...(i === N - 1 ? { End: true } : { Next: 'S' + (i + 1) }) };
  for (const st of Object.values(States)) if (st.Type === 'Choice') delete st.Next;
  return { ...(ql ? { QueryLanguage: ql } : {}), StartAt: 'S0', States };
};
const defs: Record<string, [any, any]> = {
  pass: [chain(() => ({ Type: 'Pass' })), chain(() => ({ Type: 'Pass' }), 'JSONata')],
  fields: [chain(() => ({ Type: 'Pass', Parameters: { 'id.$': '$.id', 'n.$': 'States.MathAdd($.n, 1)', 'label.$': "States.Format('{}-{}', $.id, 'x')", 'list.$':'$.list' } })),
           chain(() => ({ Type: 'Pass', Output: { id: '{% $states.input.id %}', n: '{% $states.input.n + 1 %}', label: "{% $states.input.id & '-' & 'x' %}", list: '{% $states.input.list %}' } }), 'JSONata')],
  slow: [chain(() => ({ Type: 'Pass', Parameters: { 'id.$': '$.id', 'n.$': 'States.MathAdd($.n, 1)', 'list.$':'$.list', 'as.$': '$.list[*].a' } })),
           chain(() => ({ Type: 'Pass', Output: { id: '{% $states.input.id %}', n: '{% $states.input.n + 1 %}', list: '{% $states.input.list %}', as: '{% $states.input.list.a %}' } }), 'JSONata')],
  choice: [chain((i) => i % 2 || i === N-1 ? { Type: 'Pass' } : { Type: 'Choice', Choices: [{ Variable: '$.n', NumericGreaterThan: 0, Next: 'S' + (i + 1) }], Default: 'S' + (i + 1), Next: undefined }),
           chain((i) => i % 2 || i === N-1 ? { Type: 'Pass' } : { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n > 0 %}', Next: 'S' + (i + 1) }], Default: 'S' + (i + 1), Next: undefined }, 'JSONata')],
};
const input = { id: 'abc', n: 1, list: [{ a: 1 }, { a: 2 }] };
for (const [name, [jp, ja]] of Object.entries(defs)) {
  const peer = new StateMachine(jp, { validationOptions: { noValidate: true } } as any);
  await peer.run(input).result;
  let t = performance.now();
  for (let i = 0; i < RUNS; i++) await peer.run(input).result;
  const peerRate = (N * RUNS) / ((performance.now() - t) / 1000);
  for (const [lang, def] of [['JSONPath', jp], ['JSONata', ja]] as const) {
    const cloud = newFakeCloudContext();
    const s = newStepFunctions(cloud);
    const arn = (s.operations.CreateStateMachine!({ name: 'b', definition: JSON.stringify(def), roleArn: 'arn:aws:iam::111122223333:role/r' }, ROOT) as any).stateMachineArn;
    let last = '';
    const one = async () => { last = (s.operations.StartExecution!({ stateMachineArn: arn, input: JSON.stringify(input) }, ROOT) as any).executionArn; await cloud.kernel.quiesce(); };
    await one();
    t = performance.now();
    for (let i = 0; i < RUNS; i++) await one();
    const rate = (N * RUNS) / ((performance.now() - t) / 1000);
    const d = s.operations.DescribeExecution!({ executionArn: last }, ROOT) as any;
    console.log(name, lang, d.status, Math.round(rate), 'peer', Math.round(peerRate), 'ratio', (rate / peerRate).toFixed(2), d.cause ?? '');
  }
}
