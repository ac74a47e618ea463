/**
 * The pieces that the codecs of scenario files are made of: io-ts types that say in words what they expect, refuse fields nobody knows, and
 * carry their own JSON Schema, so that decoder, TypeScript types and the schema for editors have one source.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { isJsonObject, type Json, type JsonObject } from '@statefold/core'
import { closest } from './problem.js'

export interface JsonSchema {
  readonly [keyword: string]: Json | JsonSchema | readonly JsonSchema[] | { readonly [name: string]: JsonSchema } | undefined
}

/** A: as the program has it. O: as people write it. */
export interface FormatCodec<A, O = A> extends t.Type<A, O, unknown> {
  /** `a whole number, 0 or more` */
  readonly expected: string
  readonly schema: JsonSchema
}

// io-ts' own name for "a type of anything"; only used as a bound.
type AnyCodec = t.Mixed & { readonly expected: string; readonly schema: JsonSchema }

const described = <A, O>(codec: t.Type<A, O, unknown>, expected: string, schema: JsonSchema): FormatCodec<A, O> =>
  Object.assign(codec, { expected, schema })

/** The same codec with words about its meaning, for editors. */
export const about = <A, O>(description: string, codec: FormatCodec<A, O>): FormatCodec<A, O> =>
  described(
    new t.Type<A, O, unknown>(codec.name, codec.is, codec.validate, codec.encode),
    codec.expected,
    '$ref' in codec.schema ? { description, allOf: [codec.schema] } : { ...codec.schema, description },
  )

const refused = <A>(value: unknown, context: t.Context, expected: string): t.Validation<A> => t.failure(value, context, expected)

const identity = <A>(value: A): A => value

/** A value of one JSON type that passes a test. */
const simple = <A>(name: string, expected: string, is: (value: unknown) => value is A, schema: JsonSchema): FormatCodec<A> =>
  described(
    new t.Type<A, A, unknown>(name, is, (value, context) => (is(value) ? t.success(value) : refused(value, context, expected)), identity),
    expected,
    schema,
  )

export const text: FormatCodec<string> = simple('text', 'text', (value): value is string => typeof value === 'string', { type: 'string' })

export const filledText: FormatCodec<string> = simple(
  'filled text',
  'text that is not empty',
  (value): value is string => typeof value === 'string' && value !== '',
  { type: 'string', minLength: 1 },
)

export const yesOrNo: FormatCodec<boolean> = simple('yes or no', 'true or false', (value): value is boolean => typeof value === 'boolean', {
  type: 'boolean',
})

export const onlyTrue: FormatCodec<true> = simple('true', 'true', (value): value is true => value === true, { const: true })

export const wholeNumber = (minimum: number, maximum: number): FormatCodec<number> =>
  simple(
    'whole number',
    maximum === Number.MAX_SAFE_INTEGER ? `a whole number, ${minimum} or more` : `a whole number from ${minimum} to ${maximum}`,
    (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum,
    { type: 'integer', minimum, ...(maximum === Number.MAX_SAFE_INTEGER ? undefined : { maximum }) },
  )

export const anyJson: FormatCodec<Json> = simple('anything', 'anything', (_value): _value is Json => true, {})

export const jsonObject: FormatCodec<JsonObject> = simple('object', 'a mapping', isJsonObject, { type: 'object' })

export const patternText = (name: string, expected: string, pattern: RegExp): FormatCodec<string> =>
  simple(name, expected, (value): value is string => typeof value === 'string' && pattern.test(value), {
    type: 'string',
    pattern: pattern.source,
  })

export const regularExpression: FormatCodec<string> = simple(
  'regular expression',
  'a regular expression',
  (value): value is string => {
    if (typeof value !== 'string') return false
    try {
      return new RegExp(value) instanceof RegExp
    } catch {
      return false
    }
  },
  { type: 'string', format: 'regex' },
)

export const oneOf = <V extends string>(...values: readonly V[]): FormatCodec<V> =>
  simple('one of', `one of ${values.join(', ')}`, (value): value is V => values.some((known) => known === value), { enum: values })

export const exactly = <V extends string>(value: V): FormatCodec<V> =>
  simple('exactly', JSON.stringify(value), (found): found is V => found === value, { const: value })

export const listOf = <A, O>(item: FormatCodec<A, O>, minimum = 0): FormatCodec<readonly A[], readonly O[]> => {
  const expected = minimum === 0 ? 'a list' : 'a list that is not empty'
  return described(
    new t.Type<readonly A[], readonly O[], unknown>(
      'list',
      (value): value is readonly A[] => Array.isArray(value) && value.every(item.is),
      (value, context) => {
        if (!Array.isArray(value) || value.length < minimum) return refused(value, context, expected)
        const items: A[] = []
        const errors: t.ValidationError[] = []
        for (const [index, entry] of value.entries()) {
          const decoded = item.validate(entry, t.appendContext(context, String(index), item, entry))
          if (E.isLeft(decoded)) errors.push(...decoded.left)
          else items.push(decoded.right)
        }
        return errors.length > 0 ? t.failures(errors) : t.success(items)
      },
      (items) => items.map(item.encode),
    ),
    expected,
    { type: 'array', items: item.schema, ...(minimum === 0 ? undefined : { minItems: minimum }) },
  )
}

export const mapOf = <A, O>(
  value: FormatCodec<A, O>,
  named = 'names',
): FormatCodec<{ readonly [name: string]: A }, { readonly [name: string]: O }> => {
  const expected = `a mapping of ${named} to ${value.expected}`
  return described(
    new t.Type<{ readonly [name: string]: A }, { readonly [name: string]: O }, unknown>(
      'mapping',
      (found): found is { readonly [name: string]: A } => isJsonObject(found) && Object.values(found).every(value.is),
      (found, context) => {
        if (!isJsonObject(found)) return refused(found, context, expected)
        const entries: (readonly [string, A])[] = []
        const errors: t.ValidationError[] = []
        for (const [name, entry] of Object.entries(found)) {
          const decoded = value.validate(entry, t.appendContext(context, name, value, entry))
          if (E.isLeft(decoded)) errors.push(...decoded.left)
          else entries.push([name, decoded.right])
        }
        return errors.length > 0 ? t.failures(errors) : t.success(Object.fromEntries(entries))
      },
      (found) => Object.fromEntries(Object.entries(found).map(([name, entry]) => [name, value.encode(entry)])),
    ),
    expected,
    { type: 'object', additionalProperties: value.schema },
  )
}

interface Fields {
  readonly [name: string]: AnyCodec
}

type Decoded<R extends Fields, P extends Fields> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof P]?: t.TypeOf<P[K]>
}
type Written<R extends Fields, P extends Fields> = { readonly [K in keyof R]: t.OutputOf<R[K]> } & {
  readonly [K in keyof P]?: t.OutputOf<P[K]>
}

/** Marks a failure that is about a key, not about its value. */
export const unknownField: t.Type<never, never, unknown> = new t.Type<never, never, unknown>(
  'unknown field',
  (_value): _value is never => false,
  (value, context) => t.failure(value, context),
  identity,
)

export interface ObjectRules {
  /** Exactly one of these fields must be there. */
  readonly oneOf?: { readonly what: string; readonly fields: readonly string[] }
  /** At most one of these. */
  readonly atMostOneOf?: readonly (readonly string[])[]
}

/** A mapping with these fields and no others. */
export const objectOf = <R extends Fields, P extends Fields>(
  name: string,
  required: R,
  optional: P,
  rules: ObjectRules = {},
): FormatCodec<Decoded<R, P>, Written<R, P>> => {
  const fields: ReadonlyMap<string, AnyCodec> = new Map([...Object.entries(required), ...Object.entries(optional)])
  const names = [...fields.keys()]
  const expected = `${name} (a mapping)`
  const ruleFailure = (found: object): string | undefined => {
    const { oneOf: choice, atMostOneOf = [] } = rules
    if (choice !== undefined) {
      const present = choice.fields.filter((field) => field in found)
      if (present.length === 0) return `expected ${choice.what}: one of ${choice.fields.join(', ')}`
      if (present.length > 1) return `expected one ${choice.what}, found ${present.length}: ${present.join(', ')}`
    }
    for (const group of atMostOneOf) {
      const present = group.filter((field) => field in found)
      if (present.length > 1) return `expected at most one of ${group.join(', ')}, found ${present.join(' and ')}`
    }
    return undefined
  }
  const requiredNames = Object.keys(required)
  return described(
    new t.Type<Decoded<R, P>, Written<R, P>, unknown>(
      name,
      (value): value is Decoded<R, P> =>
        isJsonObject(value) &&
        requiredNames.every((field) => field in value) &&
        Object.entries(value).every(([field, entry]) => fields.get(field)?.is(entry) ?? false),
      (value, context) => {
        if (!isJsonObject(value)) return refused(value, context, expected)
        const entries: (readonly [string, unknown])[] = []
        const errors: t.ValidationError[] = []
        const misspelt = new Set<string>()
        for (const [field, entry] of Object.entries(value)) {
          const codec = fields.get(field)
          if (codec === undefined) {
            const meant = closest(field, names)
            if (meant !== undefined) misspelt.add(meant)
            errors.push({
              value: entry,
              context: t.appendContext(context, field, unknownField, entry),
              message: `unknown field ${JSON.stringify(field)} in ${name}; ${meant === undefined ? `known are ${names.join(', ')}` : `did you mean ${JSON.stringify(meant)}?`}`,
            })
            continue
          }
          const decoded = codec.validate(entry, t.appendContext(context, field, codec, entry))
          if (E.isLeft(decoded)) errors.push(...decoded.left)
          else entries.push([field, decoded.right])
        }
        for (const field of requiredNames) {
          if (field in value || misspelt.has(field)) continue
          const codec = fields.get(field)
          errors.push({
            value: undefined,
            context,
            message: `field ${JSON.stringify(field)} is missing in ${name}; expected ${codec?.expected ?? 'it'}`,
          })
        }
        const broken = errors.length === 0 ? ruleFailure(value) : undefined
        if (broken !== undefined) errors.push({ value: undefined, context, message: broken })
        // Every field was decoded by its own codec.
        return errors.length > 0 ? t.failures(errors) : t.success(Object.fromEntries(entries) as unknown as Decoded<R, P>)
      },
      // The same of the other direction.
      (value) =>
        Object.fromEntries(
          Object.entries(value).map(([field, entry]): [string, unknown] => [field, fields.get(field)?.encode(entry)]),
        ) as unknown as Written<R, P>,
    ),
    expected,
    {
      type: 'object',
      properties: Object.fromEntries([...fields].map(([field, codec]) => [field, codec.schema])),
      ...(requiredNames.length === 0 ? undefined : { required: requiredNames }),
      ...(rules.oneOf === undefined ? undefined : { oneOf: rules.oneOf.fields.map((field): JsonSchema => ({ required: [field] })) }),
      additionalProperties: false,
    },
  )
}

type Shape = 'text' | 'number' | 'boolean' | 'list' | 'mapping' | 'nothing'
export const shapeOf = (value: unknown): Shape =>
  typeof value === 'string'
    ? 'text'
    : typeof value === 'number'
      ? 'number'
      : typeof value === 'boolean'
        ? 'boolean'
        : Array.isArray(value)
          ? 'list'
          : isJsonObject(value)
            ? 'mapping'
            : 'nothing'

type Shapes = { readonly [S in Shape]?: AnyCodec }
type DecodedOf<S> = { [K in keyof S]: S[K] extends AnyCodec ? t.TypeOf<S[K]> : never }[keyof S]
type WrittenOf<S> = { [K in keyof S]: S[K] extends AnyCodec ? t.OutputOf<S[K]> : never }[keyof S]

/** Text, number, list or mapping: the shape of what is written decides how it is read, so that messages are about what was meant. */
export const byShape = <S extends Shapes>(expected: string, shapes: S): FormatCodec<DecodedOf<S>, WrittenOf<S>> => {
  type A = DecodedOf<S>
  type O = WrittenOf<S>
  const codecs: Shapes = shapes
  const known = Object.values(codecs)
  return described(
    new t.Type<A, O, unknown>(
      expected,
      (value): value is A => known.some((codec) => codec.is(value)),
      (value, context) => {
        const codec = codecs[shapeOf(value)]
        return codec === undefined ? refused(value, context, expected) : codec.validate(value, context)
      },
      (value) => known.find((codec) => codec.is(value))?.encode(value),
    ),
    expected,
    { anyOf: known.map((codec) => codec.schema) },
  )
}

/** A codec that is named in the schema's definitions, and may speak of itself. */
export const named = <A, O>(name: string, expected: string, make: () => FormatCodec<A, O>): FormatCodec<A, O> => {
  let made: FormatCodec<A, O> | undefined
  const codec = (): FormatCodec<A, O> => (made ??= make())
  return described(
    new t.Type<A, O, unknown>(
      name,
      (value): value is A => codec().is(value),
      (value, context) => codec().validate(value, context),
      (value) => codec().encode(value),
    ),
    expected,
    { $ref: `#/definitions/${name}` },
  )
}
