/** AWS::SecretsManager::Secret. */
import { type Random } from '../../kernel/random.ts';
import { templateError } from '../errors.ts';
import { type ResourceType, resourceType } from '../resource-type.ts';
import { boolean, encryptionAtRest, number, object, type Properties, tagList, text } from '../shape.ts';

const generateFields = {
  PasswordLength: number,
  ExcludeCharacters: text,
  ExcludeLowercase: boolean,
  ExcludeUppercase: boolean,
  ExcludeNumbers: boolean,
  ExcludePunctuation: boolean,
  IncludeSpace: boolean,
  RequireEachIncludedType: boolean,
  SecretStringTemplate: text,
  GenerateStringKey: text,
};

type Generate = Properties<typeof generateFields>;

const secret = resourceType(
  {
    Name: text,
    Description: text,
    SecretString: text,
    GenerateSecretString: object(generateFields),
    KmsKeyId: encryptionAtRest,
    Tags: tagList,
  },
  async (properties, context) => {
    const { GenerateSecretString: generate, SecretString, ...rest } = properties;
    if (generate && SecretString !== undefined) {
      throw templateError(`${context.logicalId}: SecretString and GenerateSecretString exclude each other`);
    }
    const value = generate ? generatedSecret(generate, context.random) : SecretString;
    const { ARN } = await context.call('secretsmanager', 'CreateSecret', {
      ...rest,
      Name: rest.Name ?? context.generatedName(512),
      ...(value === undefined ? {} : { SecretString: value }),
    });
    return { physicalId: ARN, attributes: { Id: ARN } };
  },
);

const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** A password by the rules of GetRandomPassword, alone or as a member of the JSON template. */
export function generatedSecret(generate: Generate, random: Random): string {
  const password = generatedPassword(generate, random);
  const { SecretStringTemplate: template, GenerateStringKey: key } = generate;
  if (template === undefined || key === undefined) return password;
  return JSON.stringify({ ...(JSON.parse(template) as object), [key]: password });
}

function generatedPassword(generate: Generate, random: Random): string {
  const excluded = generate.ExcludeCharacters ?? '';
  const groups = [
    generate.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    generate.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    generate.ExcludeNumbers ? '' : '0123456789',
    generate.ExcludePunctuation ? '' : PUNCTUATION,
    generate.IncludeSpace ? ' ' : '',
  ]
    .map((group) => [...group].filter((character) => !excluded.includes(character)))
    .filter((group) => group.length > 0);
  const alphabet = groups.flat();
  const length = generate.PasswordLength ?? 32;
  const required = generate.RequireEachIncludedType === false ? [] : groups;
  if (alphabet.length === 0 || length < required.length) {
    throw templateError(`GenerateSecretString: no password of ${length} characters fulfils these rules`);
  }
  const draw = (from: readonly string[]): string => from[random.integer(0, from.length - 1)]!;
  const characters = required.map(draw);
  while (characters.length < length) characters.push(draw(alphabet));
  // Fisher-Yates, so that the required characters don't stand in front.
  for (let i = characters.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [characters[i], characters[j]] = [characters[j]!, characters[i]!];
  }
  return characters.join('');
}

export const secretsManagerTypes: Readonly<Record<string, ResourceType>> = { 'AWS::SecretsManager::Secret': secret };
