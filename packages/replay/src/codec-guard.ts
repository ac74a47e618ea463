/**
 * A codec's `is`, compiled once into plain functions: the same answers for JSON values, several times as fast. io-ts walks the codec for every
 * value and tries the members of a union one after the other; here a union of facts goes by the name of the fact.
 */
import * as t from 'io-ts'

export type Guard = (value: unknown) => boolean

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const always: Guard = () => true

const fieldsOf = (props: t.AnyProps): readonly (readonly [string, Guard])[] =>
  Object.entries(props).map(([key, codec]) => [key, guardOf(codec)])

const requiredFields = (props: t.AnyProps): Guard => {
  const fields = fieldsOf(props)
  return (value) => {
    if (!isObject(value)) return false
    for (const [key, guard] of fields) {
      const field = value[key]
      if ((field === undefined && !Object.hasOwn(value, key)) || !guard(field)) return false
    }
    return true
  }
}

const optionalFields = (props: t.AnyProps): Guard => {
  const fields = fieldsOf(props)
  return (value) => {
    if (!isObject(value)) return false
    for (const [key, guard] of fields) {
      const field = value[key]
      if (field !== undefined && !guard(field)) return false
    }
    return true
  }
}

const list = (item: t.Mixed): Guard => {
  const guard = guardOf(item)
  return (value) => Array.isArray(value) && value.every(guard)
}

const record = (item: t.Mixed): Guard => {
  if (item instanceof t.UnknownType) return isObject
  const guard = guardOf(item)
  return (value) => isObject(value) && Object.values(value).every((field) => guard(field))
}

const all = (guards: readonly Guard[]): Guard => {
  const [first = always, second = always, third = always, ...rest] = guards
  return (value) => first(value) && second(value) && third(value) && rest.every((guard) => guard(value))
}

/** The names that a value of the codec may have in its field `kind`; undefined if the codec does not say. */
export const kindsOf = (codec: t.Mixed): readonly string[] | undefined => {
  if (codec instanceof t.ReadonlyType) return kindsOf(codec.type)
  if (codec instanceof t.IntersectionType) {
    for (const part of codec.types as readonly t.Mixed[]) {
      const kinds = kindsOf(part)
      if (kinds !== undefined) return kinds
    }
    return undefined
  }
  if (codec instanceof t.UnionType) {
    const members = (codec.types as readonly t.Mixed[]).map(kindsOf)
    return members.some((kinds) => kinds === undefined) ? undefined : members.flatMap((kinds) => kinds ?? [])
  }
  if (!(codec instanceof t.InterfaceType)) return undefined
  const kind: unknown = (codec.props as t.AnyProps)['kind']
  if (kind instanceof t.LiteralType) return typeof kind.value === 'string' ? [kind.value] : undefined
  return kind instanceof t.KeyofType ? Object.keys(kind.keys as object) : undefined
}

const union = (members: readonly t.Mixed[]): Guard => {
  const guards = members.map(guardOf)
  const kinds = members.map(kindsOf)
  if (kinds.some((names) => names === undefined)) return (value) => guards.some((guard) => guard(value))
  const byKind = new Map<unknown, Guard[]>()
  for (const [index, names] of kinds.entries())
    for (const name of names ?? []) {
      const guard = guards[index] ?? always
      const others = byKind.get(name)
      if (others === undefined) byKind.set(name, [guard])
      else others.push(guard)
    }
  return (value) => isObject(value) && (byKind.get(value['kind'])?.some((guard) => guard(value)) ?? false)
}

export const guardOf = (codec: t.Mixed): Guard => {
  if (codec instanceof t.StringType) return (value) => typeof value === 'string'
  if (codec instanceof t.NumberType) return (value) => typeof value === 'number'
  if (codec instanceof t.BooleanType) return (value) => typeof value === 'boolean'
  if (codec instanceof t.NullType) return (value) => value === null
  if (codec instanceof t.UnknownType) return always
  if (codec instanceof t.LiteralType) {
    const wanted: unknown = codec.value
    return (value) => value === wanted
  }
  if (codec instanceof t.KeyofType) {
    const names: ReadonlySet<unknown> = new Set(Object.keys(codec.keys as object))
    return (value) => names.has(value)
  }
  if (codec instanceof t.ReadonlyType) return guardOf(codec.type)
  if (codec instanceof t.ReadonlyArrayType || codec instanceof t.ArrayType) return list(codec.type)
  if (codec instanceof t.InterfaceType) return requiredFields(codec.props as t.AnyProps)
  if (codec instanceof t.PartialType) return optionalFields(codec.props as t.AnyProps)
  if (codec instanceof t.IntersectionType) return all((codec.types as readonly t.Mixed[]).map(guardOf))
  if (codec instanceof t.UnionType) return union(codec.types as readonly t.Mixed[])
  if (codec instanceof t.DictionaryType && codec.domain instanceof t.StringType) return record(codec.codomain as t.Mixed)
  // Whatever else there is: as the codec itself says.
  return (value) => codec.is(value)
}
