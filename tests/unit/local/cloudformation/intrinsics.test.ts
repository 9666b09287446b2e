import { describe, expect, it } from '@jest/globals';
import { getAtt, newRecordingCloud, ref } from './recording-cloud.ts';

const PARAMETERS = {
  Parameters: {
    Stage: { Type: 'String', Default: 'dev', AllowedValues: ['dev', 'prod'] },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b,c' },
    Size: { Type: 'Number', Default: 4, MinValue: 1, MaxValue: 9 },
  },
  Mappings: { ByStage: { dev: { days: 14, arns: ['x', 'y'] }, prod: { days: 365 } } },
  Conditions: {
    IsProd: { 'Fn::Equals': [ref('Stage'), 'prod'] },
    IsSmall: { 'Fn::And': [{ 'Fn::Not': [{ Condition: 'IsProd' }] }, { 'Fn::Equals': [ref('Size'), 4] }] },
    IsAny: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsSmall' }] },
  },
};

/** The value of an SSM parameter (a property of any text) after deployment. */
async function resolved(value: unknown, parameters: Record<string, string> = {}): Promise<unknown> {
  const { deploy, inputsOf } = newRecordingCloud();
  await deploy(
    {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alerts' } },
      Probe: { Type: 'AWS::SSM::Parameter', Properties: { Name: 'probe', Type: 'String', Value: value } },
    },
    PARAMETERS,
    parameters,
  );
  return inputsOf('ssm:PutParameter')[0]!.Value;
}

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alerts';

describe('intrinsic functions', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref of a parameter', ref('Stage'), 'dev'],
    ['Ref of a resource', ref('Topic'), TOPIC],
    [
      'pseudo parameters',
      { 'Fn::Join': ['/', ['AWS::Region', 'AWS::AccountId', 'AWS::Partition'].map(ref)] },
      'eu-central-1/111122223333/aws',
    ],
    ['the stack’s name', { 'Fn::Sub': '${AWS::StackName}.${AWS::URLSuffix}' }, 'swy-dev.amazonaws.com'],
    ['Fn::GetAtt as a list', getAtt('Topic', 'TopicName'), 'alerts'],
    ['Fn::GetAtt with a dot', { 'Fn::GetAtt': 'Topic.TopicName' }, 'alerts'],
    ['Fn::Sub', { 'Fn::Sub': 'x-${Stage}-${Topic.TopicName}-${!Stage}' }, 'x-dev-alerts-${Stage}'],
    ['Fn::Sub with own names', { 'Fn::Sub': ['${A}/${Stage}', { A: ref('Size') }] }, '4/dev'],
    ['Fn::Join of a list parameter', { 'Fn::Join': ['+', ref('Zones')] }, 'a+b+c'],
    ['Fn::Select', { 'Fn::Select': [1, ref('Zones')] }, 'b'],
    ['Fn::Select with text', { 'Fn::Select': ['0', { 'Fn::Split': [':', ref('Topic')] }] }, 'arn'],
    ['Fn::Split', { 'Fn::Select': [5, { 'Fn::Split': [':', ref('Topic')] }] }, 'alerts'],
    ['Fn::If false', { 'Fn::If': ['IsProd', 'big', 'small'] }, 'small'],
    ['Fn::If true through And, Not and Or', { 'Fn::If': ['IsAny', 'yes', ref('Nowhere')] }, 'yes'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['ByStage', ref('Stage'), 'days'] }, '14'],
    ['Fn::Base64', { 'Fn::Base64': { 'Fn::Sub': '${Stage}' } }, 'ZGV2'],
    ['Fn::Length', { 'Fn::Length': ref('Zones') }, '3'],
    [
      'Fn::ToJsonString',
      { 'Fn::ToJsonString': { a: ref('Stage'), b: [{ Ref: 'AWS::NoValue' }, 1] } },
      '{"a":"dev","b":[1]}',
    ],
  ])('%s', async (_, value, expected) => {
    expect(await resolved(value)).toBe(expected);
  });

  it('follow the parameters that are given', async () => {
    expect(await resolved({ 'Fn::If': ['IsProd', 'big', 'small'] }, { Stage: 'prod' })).toBe('big');
    expect(await resolved({ 'Fn::FindInMap': ['ByStage', ref('Stage'), 'days'] }, { Stage: 'prod' })).toBe('365');
  });

  it('AWS::NoValue takes a property away', async () => {
    const { deploy, inputsOf } = newRecordingCloud();
    await deploy(
      {
        Queue: {
          Type: 'AWS::SQS::Queue',
          Properties: { QueueName: 'q', DelaySeconds: { 'Fn::If': ['IsProd', 5, ref('AWS::NoValue')] } },
        },
      },
      PARAMETERS,
    );
    expect(inputsOf('sqs:CreateQueue')).toEqual([{ QueueName: 'q', Attributes: {} }]);
  });

  it.each<[string, unknown, string]>([
    ['Fn::ImportValue', { 'Fn::ImportValue': 'other' }, "UnsupportedFeature: intrinsic function 'Fn::ImportValue'"],
    ['Fn::GetAZs', { 'Fn::GetAZs': '' }, "UnsupportedFeature: intrinsic function 'Fn::GetAZs'"],
    ['dynamic references', '{{resolve:ssm:x}}', "UnsupportedFeature: dynamic reference '{{resolve:ssm:x}}'"],
    ['unknown names', ref('Nowhere'), 'Unresolved resource dependencies [Nowhere]'],
    ['unknown names in Fn::Sub', { 'Fn::Sub': '${Nowhere.Arn}' }, 'Unresolved resource dependencies [Nowhere]'],
    [
      'unknown attributes',
      getAtt('Topic', 'Color'),
      'resource Topic does not support attribute type Color in Fn::GetAtt',
    ],
    [
      'a missing map',
      { 'Fn::FindInMap': ['ByStage', 'test', 'days'] },
      'Unable to get mapping for ByStage::test::days',
    ],
    ['an index too far', { 'Fn::Select': [3, ref('Zones')] }, 'nonexistent value at index 3'],
    ['an unknown condition', { 'Fn::If': ['IsTest', 1, 2] }, 'Unresolved condition dependency IsTest'],
    [
      'a list where text is meant',
      ref('Zones'),
      'Probe (AWS::SSM::Parameter).Value: value of property must be of type String',
    ],
    ['a wrong number of arguments', { 'Fn::If': ['IsProd', 1] }, 'Fn::If needs 3 arguments, not 2'],
  ])('refuse %s', async (_, value, message) => {
    await expect(resolved(value)).rejects.toThrow(message);
  });
});

describe('parameters', () => {
  it.each<[Record<string, string>, string]>([
    [{ Stage: 'test' }, "Parameter 'Stage' must be one of AllowedValues"],
    [{ Size: '10' }, "Parameter 'Size' must be a number not greater than 9"],
    [{ Size: 'x' }, "Parameter 'Size' must be a number"],
    [{ Other: 'x' }, 'Parameters: [Other] do not exist in the template'],
  ])('%j are refused', async (parameters, message) => {
    await expect(resolved('x', parameters)).rejects.toThrow(message);
  });

  it('without a value are refused', async () => {
    const { deploy } = newRecordingCloud();
    const sections = { Parameters: { Key: { Type: 'String' } } };
    await expect(deploy({ T: { Type: 'AWS::SNS::Topic' } }, sections)).rejects.toThrow(
      'Parameters: [Key] must have values',
    );
  });
});
