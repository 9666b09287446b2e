import { describe, expect, it, test } from '@jest/globals';
import { compilePattern } from '../../../../local/eventbridge/pattern.ts';
import { AwsError } from '../../../../local/kernel/errors.ts';

/** The sample event of the EventBridge user guide, 'Amazon EventBridge event patterns'. */
const EC2_EVENT = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '111122223333',
  time: '2017-12-22T18:43:48Z',
  region: 'us-west-1',
  resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
  detail: { 'instance-id': 'i-1234567890abcdef0', state: 'terminated' },
};

const d = (detail: unknown): unknown => ({ source: 'x', detail });

describe('matching', () => {
  test.each<[string, unknown, unknown, boolean]>([
    ['exact', { source: ['aws.ec2'] }, EC2_EVENT, true],
    ['exact, another value', { source: ['aws.s3'] }, EC2_EVENT, false],
    ['any of', { detail: { state: ['stopped', 'terminated'] } }, EC2_EVENT, true],
    ['keys are ANDed', { source: ['aws.ec2'], detail: { state: ['running'] } }, EC2_EVENT, false],
    [
      'an element of an array',
      { resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'] },
      EC2_EVENT,
      true,
    ],
    ['prefix on an array', { resources: [{ prefix: 'arn:aws:ec2:' }] }, EC2_EVENT, true],
    ['case matters', { detail: { state: ['Terminated'] } }, EC2_EVENT, false],
    ['empty string', { detail: { a: [''] } }, d({ a: '' }), true],
    ['null', { detail: { a: [null] } }, d({ a: null }), true],
    ['null is not the empty string', { detail: { a: [null] } }, d({ a: '' }), false],
    ['null is not an absent field', { detail: { a: [null] } }, d({}), false],
    ['number', { detail: { a: [300] } }, d({ a: 300 }), true],
    ['number is not text', { detail: { a: [300] } }, d({ a: '300' }), false],
    ['true', { detail: { a: [true] } }, d({ a: true }), true],
    ['true is not 1', { detail: { a: [true] } }, d({ a: 1 }), false],
    ['true is not its text', { detail: { a: ['true'] } }, d({ a: true }), false],
    ['prefix', { time: [{ prefix: '2017-12-22' }] }, EC2_EVENT, true],
    ['prefix of a number', { detail: { a: [{ prefix: '3' }] } }, d({ a: 300 }), false],
    [
      'prefix ignoring case',
      { detail: { a: [{ prefix: { 'equals-ignore-case': 'EventB' } }] } },
      d({ a: 'eventbridge' }),
      true,
    ],
    ['suffix', { detail: { a: [{ suffix: '.png' }] } }, d({ a: 'x.png' }), true],
    ['suffix, another', { detail: { a: [{ suffix: '.png' }] } }, d({ a: 'x.PNG' }), false],
    [
      'suffix ignoring case',
      { detail: { a: [{ suffix: { 'equals-ignore-case': '.png' } }] } },
      d({ a: 'x.PNG' }),
      true,
    ],
    [
      'equals-ignore-case',
      { 'detail-type': [{ 'equals-ignore-case': 'ec2 instance state-change notification' }] },
      EC2_EVENT,
      true,
    ],
    ['anything-but text', { detail: { state: [{ 'anything-but': 'initializing' }] } }, EC2_EVENT, true],
    ['anything-but that text', { detail: { state: [{ 'anything-but': 'terminated' }] } }, EC2_EVENT, false],
    ['anything-but needs the field', { detail: { nothing: [{ 'anything-but': 'x' }] } }, EC2_EVENT, false],
    ['anything-but number', { detail: { a: [{ 'anything-but': 123 }] } }, d({ a: 124 }), true],
    [
      'anything-but list',
      { detail: { a: [{ 'anything-but': ['stopped', 'overloaded'] }] } },
      d({ a: 'stopped' }),
      false,
    ],
    ['anything-but number list', { detail: { a: [{ 'anything-but': [100, 200, 300] }] } }, d({ a: 200 }), false],
    ['anything-but prefix', { detail: { a: [{ 'anything-but': { prefix: 'init' } }] } }, d({ a: 'initial' }), false],
    [
      'anything-but prefix list',
      { detail: { a: [{ 'anything-but': { prefix: ['init', 'error'] } }] } },
      d({ a: 'ready' }),
      true,
    ],
    ['anything-but suffix', { detail: { a: [{ 'anything-but': { suffix: '.txt' } }] } }, d({ a: 'x.txt' }), false],
    [
      'anything-but suffix list',
      { detail: { a: [{ 'anything-but': { suffix: ['.txt', '.rtf'] } }] } },
      d({ a: 'x.png' }),
      true,
    ],
    [
      'anything-but ignoring case',
      { detail: { a: [{ 'anything-but': { 'equals-ignore-case': 'initializing' } }] } },
      d({ a: 'INITIALIZING' }),
      false,
    ],
    [
      'anything-but ignoring case, list',
      { detail: { a: [{ 'anything-but': { 'equals-ignore-case': ['a', 'b'] } }] } },
      d({ a: 'C' }),
      true,
    ],
    [
      'anything-but wildcard',
      { detail: { a: [{ 'anything-but': { wildcard: '*/lib/*' } }] } },
      d({ a: 'dir1/lib/x' }),
      false,
    ],
    [
      'anything-but wildcard list',
      { detail: { a: [{ 'anything-but': { wildcard: ['*/lib/*', '*/bin/*'] } }] } },
      d({ a: 'dir1/doc/x' }),
      true,
    ],
    ['numeric =', { detail: { a: [{ numeric: ['=', 3.5] }] } }, d({ a: 3.5 }), true],
    ['numeric range, lower bound open', { detail: { a: [{ numeric: ['>', 0, '<=', 5] }] } }, d({ a: 0 }), false],
    ['numeric range, upper bound closed', { detail: { a: [{ numeric: ['>', 0, '<=', 5] }] } }, d({ a: 5 }), true],
    ['numeric >=', { detail: { a: [{ numeric: ['>=', 5] }] } }, d({ a: 5 }), true],
    ['numeric <', { detail: { a: [{ numeric: ['<', 10] }] } }, d({ a: 10 }), false],
    ['numeric on text', { detail: { a: [{ numeric: ['<', 10] }] } }, d({ a: '1' }), false],
    ['exists', { detail: { state: [{ exists: true }] } }, EC2_EVENT, true],
    ['exists with null', { detail: { a: [{ exists: true }] } }, d({ a: null }), true],
    ['exists looks at leaves only', { detail: [{ exists: true }] }, EC2_EVENT, false],
    ['exists false', { detail: { a: [{ exists: false }] } }, EC2_EVENT, true],
    ['exists false, but it does', { detail: { state: [{ exists: false }] } }, EC2_EVENT, false],
    ['exists false below a missing parent', { detail: { a: { b: [{ exists: false }] } } }, EC2_EVENT, true],
    ['exists false or a value', { detail: { state: [{ exists: false }, 'terminated'] } }, EC2_EVENT, true],
    ['exists false: an empty array has no leaf', { detail: { a: [{ exists: false }] } }, d({ a: [] }), true],
    ['cidr', { detail: { ip: [{ cidr: '10.0.0.0/24' }] } }, d({ ip: '10.0.0.255' }), true],
    ['cidr, outside', { detail: { ip: [{ cidr: '10.0.0.0/24' }] } }, d({ ip: '10.0.1.0' }), false],
    ['cidr of version 6', { detail: { ip: [{ cidr: '2001:db8::/32' }] } }, d({ ip: '2001:db8:1::1' }), true],
    ['cidr on other text', { detail: { ip: [{ cidr: '10.0.0.0/8' }] } }, d({ ip: 'ten' }), false],
    ['wildcard at the end', { detail: { a: [{ wildcard: 'dir/*' }] } }, d({ a: 'dir/' }), true],
    ['wildcard between', { detail: { a: [{ wildcard: '*.example.*' }] } }, d({ a: 'www.example.com' }), true],
    ['wildcard twice', { detail: { a: [{ wildcard: 'a*b*c' }] } }, d({ a: 'a-c-b-c' }), true],
    ['wildcard does not overlap', { detail: { a: [{ wildcard: 'ab*ba' }] } }, d({ a: 'aba' }), false],
    ['wildcard escaped', { detail: { a: [{ wildcard: 'a\\*b' }] } }, d({ a: 'axb' }), false],
    ['wildcard escaped, the star itself', { detail: { a: [{ wildcard: 'a\\*b' }] } }, d({ a: 'a*b' }), true],
    ['$or, first', { detail: { $or: [{ a: [1] }, { b: [2] }] } }, d({ a: 1, b: 3 }), true],
    ['$or, none', { detail: { $or: [{ a: [1] }, { b: [2] }] } }, d({ a: 2, b: 3 }), false],
    ['$or keeps its neighbours', { detail: { c: [9], $or: [{ a: [1] }, { b: [2] }] } }, d({ a: 1, c: 8 }), false],
    ['$or at the top', { $or: [{ source: ['y'] }, { detail: { a: [1] } }] }, d({ a: 1 }), true],
    ['a key with a dot is a path', { 'detail.state': ['terminated'] }, EC2_EVENT, true],
    [
      'values of one element',
      { detail: { v: { name: ['blue'], w: [0] } } },
      d({
        v: [
          { name: 'green', w: 0 },
          { name: 'blue', w: 0 },
        ],
      }),
      true,
    ],
    [
      'values of different elements',
      { detail: { v: { name: ['blue'], w: [0] } } },
      d({
        v: [
          { name: 'green', w: 0 },
          { name: 'blue', w: 1 },
        ],
      }),
      false,
    ],
  ])('%s', (_name, pattern, event, expected) => {
    expect(compilePattern(JSON.stringify(pattern))(event)).toBe(expected);
  });

  it("matches the user guide's example of $or with numeric, prefix and anything-but", () => {
    const matches = compilePattern({
      detail: {
        $or: [
          { 'c-count': [{ numeric: ['>', 0, '<=', 5] }] },
          { 'd-count': [{ numeric: ['<', 10] }] },
          { 'x-limit': [{ numeric: ['=', 3.018e2] }] },
        ],
      },
    });
    expect(matches(d({ 'c-count': 6, 'd-count': 8 }))).toBe(true);
    expect(matches(d({ 'x-limit': 301.8 }))).toBe(true);
    expect(matches(d({ 'c-count': 0, 'd-count': 10, 'x-limit': 1 }))).toBe(false);
  });
});

describe('patterns that AWS refuses', () => {
  test.each<[string, unknown]>([
    ['no JSON', '{'],
    ['an array', '[]'],
    ['empty', {}],
    ['an empty object inside', { detail: {} }],
    ['a bare scalar', { source: 'aws.ec2' }],
    ['an empty list', { source: [] }],
    ['an unknown operator', { source: [{ startswith: 'a' }] }],
    ['an operator from Object.prototype', { source: [{ constructor: 'a' }] }],
    ['two operators', { source: [{ prefix: 'a', suffix: 'b' }] }],
    ['a nested list', { source: [['a']] }],
    ['exists with text', { source: [{ exists: 'true' }] }],
    ['prefix with a number', { source: [{ prefix: 1 }] }],
    ['an empty prefix', { source: [{ prefix: '' }] }],
    ['prefix with an unknown inner operator', { source: [{ prefix: { wildcard: 'a' } }] }],
    ['numeric with one element', { a: [{ numeric: ['='] }] }],
    ['numeric with an unknown operator', { a: [{ numeric: ['!=', 1] }] }],
    ['numeric with text', { a: [{ numeric: ['>', '1'] }] }],
    ['numeric out of range', { a: [{ numeric: ['>', 5_000_000_001] }] }],
    ['numeric with bounds the wrong way round', { a: [{ numeric: ['>', 5, '<', 5] }] }],
    ['numeric with the upper bound first', { a: [{ numeric: ['<', 5, '>', 1] }] }],
    ['anything-but with mixed types', { a: [{ 'anything-but': ['x', 1] }] }],
    ['anything-but with a boolean', { a: [{ 'anything-but': true }] }],
    ['anything-but with an empty list', { a: [{ 'anything-but': [] }] }],
    ['anything-but with numeric', { a: [{ 'anything-but': { numeric: ['=', 1] } }] }],
    ['cidr without bits', { a: [{ cidr: '10.0.0.0' }] }],
    ['cidr with too many bits', { a: [{ cidr: '10.0.0.0/33' }] }],
    ['two stars', { a: [{ wildcard: 'a**b' }] }],
    ['a wrong escape', { a: [{ wildcard: 'a\\b' }] }],
    ['$or with one branch', { $or: [{ a: [1] }] }],
    ['$or with a scalar', { $or: [1, 2] }],
  ])('%s', (_name, pattern) => {
    const compile = (): unknown => compilePattern(typeof pattern === 'string' ? pattern : JSON.stringify(pattern));
    expect(compile).toThrow(AwsError);
    expect(compile).toThrow(/^Event pattern is not valid\. Reason: /);
  });

  it('refuses more than 1000 combinations of $or', () => {
    const branches = (name: string) => ({ $or: Array.from({ length: 40 }, (_, i) => ({ [name]: [i] })) });
    expect(() => compilePattern({ a: branches('x'), b: branches('y') })).toThrow('1000 combinations');
  });
});
