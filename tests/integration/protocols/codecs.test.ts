/** What the protocols do with members that no case happens to have. */
import { describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../local/kernel/errors.ts';
import { type RestRoute } from '../../../local/kernel/service.ts';
import { jsonCodec } from '../../../local/protocols/json.ts';
import { queryCodec } from '../../../local/protocols/query.ts';
import { newRestJsonCodec } from '../../../local/protocols/rest-json.ts';
import { type WireRequest, type WireResponse } from '../../../local/protocols/wire.ts';

const scope = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=k/20260105/eu-central-1/${service}/aws4_request`;
const post = (body: string, headers: Record<string, string> = {}): WireRequest => ({
  method: 'POST',
  path: '/',
  query: {},
  headers,
  body: Buffer.from(body),
});
const textOf = ({ body }: WireResponse): string => Buffer.from(body).toString();
const call = { service: 'x', operation: 'Op', input: {} };

describe('JSON', () => {
  it('writes dates as epoch seconds and bytes of every kind in base64, at any depth', () => {
    const output = {
      at: new Date(1_500),
      list: [{ blob: Buffer.from('ab') }, { blob: new Uint8Array([97, 98]) }],
      no: undefined,
    };
    expect(JSON.parse(textOf(jsonCodec.encode(call, output, 'r', post(''))))).toEqual({
      at: 1.5,
      list: [{ blob: 'YWI=' }, { blob: 'YWI=' }],
    });
  });

  it('refuses a body that is no JSON object', () => {
    const request = (body: string) => () => jsonCodec.decode(post(body, { 'x-amz-target': 'AmazonSSM.GetParameter' }));
    expect(request('{')).toThrow('the body is not JSON');
    expect(request('[]')).toThrow('not a JSON object');
    expect(request('')()).toEqual({ service: 'ssm', operation: 'GetParameter', input: {} });
  });
});

describe('query', () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', authorization: scope('iam') };
  const decode = (form: string) => queryCodec.decode(post(`Action=CreateRole&Version=2010-05-08&${form}`, headers));

  it('reads lists, structures, maps and texts, in the order of their numbers', () => {
    const form =
      'Tags.member.2.Key=b&Tags.member.10.Key=c&Tags.member.1.Key=a&M.entry.1.key=k&M.entry.1.value=v%20w&Description=a%2Bb+c';
    expect(decode(form)?.input).toEqual({
      Tags: [{ Key: 'a' }, { Key: 'b' }, { Key: 'c' }],
      M: { k: 'v w' },
      Description: 'a+b c',
    });
  });

  it('tells an empty list from an empty text', () => {
    expect(decode('Tags=&Description=')?.input).toEqual({ Tags: [], Description: '' });
  });

  it('writes text that any XML reader gives back', () => {
    const xml = textOf(
      queryCodec.encode(call, { Name: 'a<b>&"c"\r\n', At: new Date(0), Empty: [], No: undefined }, 'r', post('')),
    );
    expect(xml).toBe(
      '<OpResponse><OpResult><Name>a&lt;b&gt;&amp;&quot;c&quot;&#xD;\n</Name><At>1970-01-01T00:00:00.000Z</At><Empty></Empty></OpResult>' +
        '<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></OpResponse>',
    );
  });

  it("says ValidationError where the other protocols say ValidationException, and names the sender's fault", () => {
    const response = queryCodec.encodeError('iam', new AwsError('ValidationException', 'a < b'), 'r', post(''));
    expect(response.statusCode).toBe(400);
    expect(textOf(response)).toContain('<Type>Sender</Type><Code>ValidationError</Code><Message>a &lt; b</Message>');
  });
});

describe('REST JSON', () => {
  const routes: RestRoute[] = [
    { method: 'DELETE', path: '/things/{Name}', operation: 'Delete', status: 204, queryMembers: { q: 'Q' } },
    { method: 'GET', path: '/things/{Name}/deep/{Rest+}', operation: 'Get' },
  ];
  const codec = newRestJsonCodec(() => [{ id: 'x', operations: {}, routes, access: () => [] }]);
  const request = (method: string, path: string, query = {}): WireRequest => ({
    ...post('', { authorization: scope('x') }),
    method,
    path,
    query,
  });

  it('decodes labels and query parameters', () => {
    expect(codec.decode(request('DELETE', '/things/a%2Fb', { q: 'z', other: '1' }))).toEqual({
      service: 'x',
      operation: 'Delete',
      input: { Name: 'a/b', Q: 'z' },
    });
    expect(codec.decode(request('GET', '/things/a/deep/b/c'))?.input).toEqual({ Name: 'a', Rest: 'b/c' });
    expect(codec.decode(request('POST', '/things/a'))).toBeUndefined();
  });

  it('answers 204 without a body', () => {
    const response = codec.encode(
      { service: 'x', operation: 'Delete', input: {} },
      {},
      'r',
      request('DELETE', '/things/a'),
    );
    expect([response.statusCode, response.body.length]).toEqual([204, 0]);
  });

  it("carries an error's name in the header and its members in the body", () => {
    const error = new AwsError('ModelError', 'failed', { statusCode: 424, fields: { OriginalStatusCode: 500 } });
    const response = codec.encodeError('x', error, 'r', request('GET', '/'));
    expect([response.statusCode, response.headers['x-amzn-errortype']]).toEqual([424, 'ModelError']);
    expect(JSON.parse(textOf(response))).toEqual({ message: 'failed', OriginalStatusCode: 500 });
  });
});
