/** What the API's types look like at run time: which fields a type has, and what each of them holds. Reads generated/schema.ts as it is asked for. */
import { mapOf } from '../kernel/map-of.js'
import { fieldsOfTypes, typeOfOtherGroup } from './generated/schema.js'

/** A scalar's `goName` is how Go's messages call it: `int32`, `string`, `v1.RestartPolicy`. */
export type FieldShape =
  | { readonly shape: 'scalar'; readonly scalar: Scalar; readonly goName: string }
  | { readonly shape: 'struct'; readonly type: string; readonly goName: string }
  | { readonly shape: 'list'; readonly element: FieldShape; readonly goName: string }
  | { readonly shape: 'map'; readonly element: FieldShape; readonly goName: string }

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bytes'
  | 'Quantity'
  | 'IntOrString'
  | 'Time'
  | 'MicroTime'
  | 'RawExtension'
  | 'FieldsV1'

const scalars: Readonly<Record<string, FieldShape>> = {
  string: { shape: 'scalar', scalar: 'string', goName: 'string' },
  bool: { shape: 'scalar', scalar: 'bool', goName: 'bool' },
  int32: { shape: 'scalar', scalar: 'int32', goName: 'int32' },
  int64: { shape: 'scalar', scalar: 'int64', goName: 'int64' },
  float64: { shape: 'scalar', scalar: 'float64', goName: 'float64' },
  '[]byte': { shape: 'scalar', scalar: 'bytes', goName: '[]uint8' },
  Quantity: { shape: 'scalar', scalar: 'Quantity', goName: 'resource.Quantity' },
  IntOrString: { shape: 'scalar', scalar: 'IntOrString', goName: 'intstr.IntOrString' },
  Time: { shape: 'scalar', scalar: 'Time', goName: 'v1.Time' },
  MicroTime: { shape: 'scalar', scalar: 'MicroTime', goName: 'v1.MicroTime' },
  RawExtension: { shape: 'scalar', scalar: 'RawExtension', goName: 'runtime.RawExtension' },
  FieldsV1: { shape: 'scalar', scalar: 'FieldsV1', goName: 'v1.FieldsV1' },
}

const shapeOf = (text: string): FieldShape => {
  const equals = text.indexOf('=')
  const shape = equals < 0 ? text : text.slice(0, equals)
  const name = equals < 0 ? undefined : text.slice(equals + 1)
  const scalar = scalars[shape]
  if (scalar !== undefined) return name === undefined ? scalar : { ...scalar, goName: name }
  if (shape.startsWith('[]')) {
    const element = shapeOf(text.slice(2))
    return { shape: 'list', element, goName: `[]${element.goName}` }
  }
  if (shape.startsWith('map[string]')) {
    const element = shapeOf(shape.slice('map[string]'.length))
    return { shape: 'map', element, goName: name ?? `map[string]${element.goName}` }
  }
  return { shape: 'struct', type: shape, goName: `v1.${shape}` }
}

const parse = (text: string): ReadonlyMap<string, FieldShape> =>
  mapOf(
    text.split(',').map((field) => {
      const space = field.indexOf(' ')
      return [field.slice(0, space), shapeOf(field.slice(space + 1))]
    }),
  )

// Parsed when first asked for, then kept: a pure function of the table, so that nobody can tell.
const parsed = new Map<string, ReadonlyMap<string, FieldShape>>()

/** The fields of a type by their JSON names; undefined when there is no such type. */
export const fieldsOf = (typeName: string): ReadonlyMap<string, FieldShape> | undefined => {
  const known = parsed.get(typeName)
  if (known !== undefined) return known
  const text = fieldsOfTypes[typeName]
  if (text === undefined) return undefined
  const fields = parse(text)
  parsed.set(typeName, fields)
  return fields
}

const kindsOfTwoGroups: ReadonlySet<string> = new Set(Object.keys(typeOfOtherGroup).map((name) => name.slice(name.indexOf(' ') + 1)))

/** The type of a kind's objects; undefined for kinds whose shape is not known (custom resources and the like). */
export const typeNameOfKind = (kind: string, apiVersion?: string): string | undefined => {
  const other = apiVersion !== undefined && kindsOfTwoGroups.has(kind) ? typeOfOtherGroup[`${apiVersion} ${kind}`] : undefined
  if (other !== undefined) return other
  return fieldsOf(kind)?.has('metadata') === true || kind === 'DeleteOptions' ? kind : undefined
}

/** The type that stands in a field, or in the elements of its list or map. Undefined for scalars and unknown fields. */
export const elementTypeOf = (typeName: string, field: string): string | undefined => {
  let shape = fieldsOf(typeName)?.get(field)
  while (shape !== undefined && (shape.shape === 'list' || shape.shape === 'map')) shape = shape.element
  return shape?.shape === 'struct' ? shape.type : undefined
}
