/** Applies an update expression to an item. All right-hand sides and all list positions refer to the item as it was. */
import { validationError } from '../kernel/errors.ts';
import {
  type AttributeValue,
  isList,
  isMap,
  isNumber,
  type Item,
  newMap,
  newSet,
  setMembers,
  typeOf,
} from './attribute-value.ts';
import { type Bindings } from './bindings.ts';
import { addNumbers, subtractNumbers } from './decimal.ts';
import { valueAt } from './document-path.ts';
import { type SetValue, type UpdateAction } from './expression-syntax.ts';

const incorrectType = (): Error => validationError('An operand in the update expression has an incorrect data type');
const invalidPath = (): Error =>
  validationError('The document path provided in the update expression is invalid for update');

function evaluate(value: SetValue, item: Item, bindings: Bindings): AttributeValue {
  switch (value.kind) {
    case 'value':
      return bindings.value(value.name);
    case 'path': {
      const found = valueAt(item, bindings.path(value.path));
      if (found) return found;
      throw validationError('The provided expression refers to an attribute that does not exist in the item');
    }
    case 'if_not_exists':
      return valueAt(item, bindings.path(value.path)) ?? evaluate(value.otherwise, item, bindings);
    case 'list_append': {
      const first = evaluate(value.first, item, bindings);
      const second = evaluate(value.second, item, bindings);
      if (!isList(first) || !isList(second)) throw incorrectType();
      return Object.freeze({ L: Object.freeze([...first.L, ...second.L]) });
    }
    case 'add':
    case 'subtract': {
      const left = evaluate(value.left, item, bindings);
      const right = evaluate(value.right, item, bindings);
      if (!isNumber(left) || !isNumber(right)) throw incorrectType();
      const combine = value.kind === 'add' ? addNumbers : subtractNumbers;
      return Object.freeze({ N: combine(left.N, right.N) });
    }
  }
}

/** ADD: a sum, or the union of two sets of one type. */
function added(old: AttributeValue | undefined, operand: AttributeValue): AttributeValue {
  if (!old) return operand;
  if (typeOf(old) !== typeOf(operand)) throw incorrectType();
  if (isNumber(old) && isNumber(operand)) return Object.freeze({ N: addNumbers(old.N, operand.N) });
  const union = new Map([...setMembers(old)!, ...setMembers(operand)!]);
  return newSet(typeOf(old), union.values())!;
}

/** DELETE: a set without some members; undefined when none is left. */
function without(old: AttributeValue | undefined, operand: AttributeValue): AttributeValue | undefined {
  if (!old) return undefined;
  if (typeOf(old) !== typeOf(operand)) throw incorrectType();
  const removed = setMembers(operand)!;
  const left = [...setMembers(old)!].filter(([key]) => !removed.has(key));
  return newSet(
    typeOf(old),
    left.map(([, member]) => member),
  );
}

type Change = (old: AttributeValue | undefined) => AttributeValue | undefined;

/** What is to change at and below one place of the item. Paths don't overlap: a place has a change, or members that do. */
interface Place {
  change?: Change;
  readonly members: Map<string | number, Place>;
}

function changeOf(action: UpdateAction, item: Item, bindings: Bindings): Change {
  switch (action.kind) {
    case 'remove':
      return () => undefined;
    case 'set': {
      const value = evaluate(action.value, item, bindings);
      return () => value;
    }
    case 'add':
      return (old) => added(old, bindings.value(action.value.name));
    case 'delete':
      return (old) => without(old, bindings.value(action.value.name));
  }
}

function planOf(actions: readonly UpdateAction[], item: Item, bindings: Bindings): Place {
  const root: Place = { members: new Map() };
  for (const action of actions) {
    let place = root;
    for (const step of bindings.path(action.path)) {
      let next = place.members.get(step);
      if (!next) place.members.set(step, (next = { members: new Map() }));
      place = next;
    }
    place.change = changeOf(action, item, bindings);
  }
  return root;
}

function changedValue(old: AttributeValue | undefined, place: Place): AttributeValue | undefined {
  if (place.change) return place.change(old);
  if (old && isMap(old)) return Object.freeze({ M: changedMap(old.M, place) });
  if (old && isList(old)) return Object.freeze({ L: changedList(old.L, place) });
  throw invalidPath();
}

function changedMap(old: Item, place: Place): Item {
  const map = Object.assign(newMap(), old);
  for (const [name, member] of place.members) {
    if (typeof name !== 'string') throw invalidPath();
    const value = changedValue(old[name], member);
    if (value) map[name] = value;
    else delete map[name];
  }
  return Object.freeze(map);
}

/** Elements beyond the end are appended in the order of their indexes; removed ones close ranks at the end. */
function changedList(old: readonly AttributeValue[], place: Place): readonly AttributeValue[] {
  const elements: (AttributeValue | undefined)[] = [...old];
  const indexes = [...place.members.keys()].map((step) => {
    if (typeof step !== 'number') throw invalidPath();
    return step;
  });
  for (const index of indexes.sort((a, b) => a - b)) {
    const value = changedValue(old[index], place.members.get(index)!);
    if (index < old.length) elements[index] = value;
    else elements.push(value);
  }
  return Object.freeze(elements.filter((element) => element !== undefined));
}

/** The item after the update; the old one is left as it is. @throws AwsError ValidationException */
export function updated(item: Item, actions: readonly UpdateAction[], bindings: Bindings): Item {
  return changedMap(item, planOf(actions, item, bindings));
}
