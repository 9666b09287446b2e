/** AddTags, ListTags and DeleteTags for every resource that can be tagged. */
import { validationError } from '../kernel/errors.ts';
import { type Operation } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { TAGS } from './members.ts';
import { checkInput, integer, list, struct, text } from './shape.ts';

const ARN = text({ max: 256, pattern: 'arn:.*' });
const ADD = struct({ ResourceArn: ARN, Tags: TAGS });
const LIST = struct({ ResourceArn: ARN }, { NextToken: text(), MaxResults: integer({ min: 50 }) });
const DELETE = struct({ ResourceArn: ARN, TagKeys: list(text({ min: 1, max: 128 }), { min: 1, max: 50 }) });

export function newTagOperations(context: SageMakerContext): Readonly<Record<string, Operation>> {
  const tagsOf = (arn: unknown): Map<string, string> => {
    const tags = context.tags.get(String(arn));
    if (!tags) throw validationError(`Could not find a resource "${String(arn)}" to tag.`);
    return tags;
  };
  const toList = (tags: ReadonlyMap<string, string>): object[] => [...tags].map(([Key, Value]) => ({ Key, Value }));
  return {
    AddTags(input) {
      checkInput('AddTags', ADD, input);
      const tags = tagsOf(input['ResourceArn']);
      const keys = new Set([...tags.keys(), ...(input['Tags'] as { Key: string }[]).map((tag) => tag.Key)]);
      if (keys.size > 50) throw validationError(`A resource can have at most 50 tags, not ${keys.size}.`);
      context.setTags(input['ResourceArn'] as string, input['Tags']);
      return { Tags: toList(tags) };
    },
    ListTags(input) {
      checkInput('ListTags', LIST, input);
      return { Tags: toList(tagsOf(input['ResourceArn'])) };
    },
    DeleteTags(input) {
      checkInput('DeleteTags', DELETE, input);
      const tags = tagsOf(input['ResourceArn']);
      for (const key of input['TagKeys'] as string[]) tags.delete(key);
      return {};
    },
  };
}
