/** ModelDataUrl: a model.tar.gz is unpacked into /opt/ml/model; what is not a plain archive is refused. */
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { untar } from '../../../../local/sagemaker/tar.ts';
import { IMAGE, type Laboratory, makeConfig, MINUTE, newLaboratory, ROLE } from './laboratory.ts';

/** One ustar entry. */
function entry(path: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write('ustar\0', 257);
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}
const archive = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, Buffer.alloc(1024)]);

describe('untar', () => {
  it('reads files, directories, pax paths and GNU long names', () => {
    const long = `deep/${'x'.repeat(120)}/model.onnx`;
    const pax = ` path=${long}\n`;
    const record = `${pax.length + 3}${pax}`;
    const files = untar(
      archive(
        entry('./a/', '', '5'),
        entry('./a/b.txt', 'hello'),
        entry('pax', record, 'x'),
        entry('short', 'one'),
        entry('L', `${long}\0`, 'L'),
        entry('short', 'two'),
      ),
    );
    expect(files.map((file) => [file.path, Buffer.from(file.content).toString()])).toEqual([
      ['a/b.txt', 'hello'],
      [long, 'one'],
      [long, 'two'],
    ]);
  });

  it.each([
    ['a link', entry('a', '', '2')],
    ['a path upwards', entry('../a', 'x')],
    ['an absolute path', entry('/etc/a', 'x')],
  ])('refuses %s', (_what, bytes) => {
    expect(() => untar(archive(bytes))).toThrow(/UnsupportedFeature/);
  });
});

describe('an endpoint with ModelDataUrl', () => {
  let lab: Laboratory;
  const bytes = new Map<string, Buffer>();
  beforeEach(async () => {
    lab = newLaboratory();
    const answer = lab.cloud.answer;
    lab.cloud.answer = (service, operation, input, principal) => {
      const found = operation === 'GetObject' ? bytes.get(`${input['Bucket']}/${input['Key']}`) : undefined;
      return found ? { Body: found } : answer(service, operation, input, principal);
    };
    const container = { Image: IMAGE, ModelDataUrl: 's3://models/model.tar.gz' };
    await lab.call('CreateModel', { ModelName: 'm', ExecutionRoleArn: ROLE, PrimaryContainer: container });
    await makeConfig(lab, 'c', [{ name: 'blue', model: 'm', weight: 1 }]);
  });
  afterEach(() => lab.close());

  it('serves from the unpacked archive', async () => {
    bytes.set('models/model.tar.gz', gzipSync(archive(entry('model.onnx', 'trees'))));
    await lab.call('CreateEndpoint', { EndpointName: 'e', EndpointConfigName: 'c' });
    await lab.run(11 * MINUTE);
    await lab.sagemaker.sendTraffic('e', [{ body: Buffer.from('{}') }]);
    expect(readFileSync(join(lab.invocations[0]!.modelDirectory, 'model.onnx'), 'utf8')).toBe('trees');
  });

  it('fails when the object is no archive', async () => {
    bytes.set('models/model.tar.gz', Buffer.from('not gzip'));
    await lab.call('CreateEndpoint', { EndpointName: 'e', EndpointConfigName: 'c' });
    await lab.run(16 * MINUTE);
    expect((await lab.call('DescribeEndpoint', { EndpointName: 'e' })).FailureReason).toContain(
      'is not a gzip archive',
    );
  });
});
