/**
 * Copies of objects that get more keys. V8 gives every object that was spread and then gets a key it did not have (`{ ...pod, more }`) a hidden
 * class of its own: that takes half a microsecond each time, and makes whoever reads such objects later slow, too. What is copied here shares
 * its class with its like. (Where all the keys are there already, as in `{ ...pod, status }`, spreading is the quickest.)
 */

/** A copy that will get more keys. */
export const growingCopy = <Base extends object>(object: Base): Base =>
  // Assigning a key of that name would set the prototype of the copy.
  Object.hasOwn(object, '__proto__') ? { ...object } : Object.assign({}, object)

/** `object` with these fields, of which it may lack some. */
export const extended = <Base extends object, Fields extends object>(object: Base, fields: Fields): Base & Fields =>
  Object.assign(growingCopy(object), fields)

/** The list with one more. (V8 leaves room for sixteen more in what is spread or pushed to; where lists are kept by the thousand that is most of them.) */
export const appended = <Item>(items: readonly Item[], item: Item): readonly Item[] => (items.length === 0 ? [item] : items.concat([item]))
