/**
 * The `pod-template-hash` of Deployments (DaemonSet revisions carry it too). Kubernetes hashes what a debug printer makes of the Go struct
 * of the template, so every field of the Go types counts, also the empty ones, in Go's order. The printer is rebuilt here.
 * Follows ComputeHash in pkg/controller/controller_utils.go, DeepHashObject in pkg/util/hash/hash.go, and the formatter of go-spew.
 */
import { utf8Bytes } from '../../kernel/hash.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { epochSeconds, simTimeOf } from '../../kernel/sim-time.js'
import { quantityOf } from '../quantity.js'
import { encodeHash, fnv1a } from './fnv.js'
import { goStructs } from './go-types.js'
import { byUtf8 } from './utf8-order.js'

interface GoField {
  readonly goName: string
  /** '' where the struct is inlined in JSON. */
  readonly jsonName: string
  readonly goType: string
}

const fieldsOfGoType: ReadonlyMap<string, readonly GoField[]> = new Map(
  Object.entries(goStructs).map(([goType, fields]) => [
    goType,
    fields.split(' ').map((field) => {
      const [goName = '', jsonName = '', type = ''] = field.split(':')
      return { goName, jsonName, goType: type }
    }),
  ]),
)

const integerTypes: ReadonlySet<string> = new Set(['int32', 'int64', 'uint8'])

const struct = (fields: readonly string[]): string => `{${fields.join(' ')}}`

/** An int64 or, for amounts of great size or precision, a decimal with a big mantissa that Go keeps in words of 64 bits. */
const quantityText = (value: Json | undefined): string => {
  // One that is absent, and no pointer, comes back from protobuf as '0'.
  const quantity = quantityOf(typeof value === 'string' || typeof value === 'number' ? value : undefined)
  const amount = (unscaled: bigint, scale: number): string =>
    `i:(resource.int64Amount){value:(int64)${unscaled} scale:(resource.Scale)${scale}}`
  const end = `s:(string)${quantity.text} Format:(resource.Format)${quantity.format}`
  if (!quantity.isDecimal) return `{${amount(quantity.unscaled, quantity.scale)} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} ${end}}`
  const isNegative = quantity.unscaled < 0n
  const words: bigint[] = []
  for (let rest = isNegative ? -quantity.unscaled : quantity.unscaled; rest > 0n; rest >>= 64n) words.push(rest & 0xffff_ffff_ffff_ffffn)
  const mantissa = `(big.Int){neg:(bool)${isNegative} abs:(big.nat)${words.length === 0 ? '<nil>' : `[${words.join(' ')}]`}}`
  return `{${amount(0n, 0)} d:(resource.infDecAmount){Dec:(*inf.Dec){unscaled:${mantissa} scale:(inf.Scale)${quantity.scale === 0 ? 0 : -quantity.scale}}} ${end}}`
}

/** The zero time, or a time in the zone of a controller manager that runs in UTC. */
const timeText = (value: Json | undefined): string => {
  const time = typeof value === 'string' ? simTimeOf(value) : undefined
  if (time === undefined) return '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}'
  const secondsSinceYearOne = Math.floor(time / 1_000) + epochSeconds + 62_135_596_800
  const location =
    '{name:(string)UTC zone:([]time.zone)<nil> tx:([]time.zoneTrans)<nil> extend:(string) cacheStart:(int64)0 cacheEnd:(int64)0 cacheZone:(*time.zone)<nil>}'
  return `{Time:(time.Time){wall:(uint64)0 ext:(int64)${secondsSinceYearOne} loc:(*time.Location)${location}}}`
}

const intOrStringText = (value: Json | undefined): string => {
  const [type, integer, text] = typeof value === 'string' ? [1, 0, value] : [0, typeof value === 'number' ? value : 0, '']
  return `{Type:(intstr.Type)${type} IntVal:(int32)${integer} StrVal:(string)${text}}`
}

/** Structs whose JSON is not that of their fields. */
const specialTypes: ReadonlyMap<string, (value: Json | undefined) => string> = new Map([
  ['resource.Quantity', quantityText],
  ['v1.Time', timeText],
  ['intstr.IntOrString', intOrStringText],
  ['v1.FieldsV1', (value) => `{Raw:([]uint8)[${utf8Bytes(JSON.stringify(value ?? {})).join(' ')}]}`],
])

const structText = (fields: readonly GoField[], value: JsonObject): string =>
  struct(
    fields.map(({ goName, jsonName, goType }) => {
      const field = jsonName === '' ? value : (value[jsonName] ?? undefined)
      return `${goName}:(${goType})${valueText(goType, field)}`
    }),
  )

/** Maps and lists come back from protobuf as nil when they are empty. */
const mapText = (valueType: string, value: Json | undefined): string => {
  const entries = isJsonObject(value) ? Object.entries(value) : []
  if (entries.length === 0) return '<nil>'
  return `map[${entries
    .sort(([left], [right]) => byUtf8(left, right))
    .map(([key, item]) => `${key}:${valueText(valueType, item)}`)
    .join(' ')}]`
}

const listText = (itemType: string, value: Json | undefined): string =>
  Array.isArray(value) && value.length > 0 ? `[${(value as readonly Json[]).map((item) => valueText(itemType, item)).join(' ')}]` : '<nil>'

/** The value without its type, as the printer shows items of lists and maps. */
const valueText = (goType: string, value: Json | undefined): string => {
  if (goType.startsWith('*')) return value === undefined || value === null ? '<nil>' : valueText(goType.slice(1), value)
  if (goType.startsWith('[]')) return listText(goType.slice(2), value)
  if (goType === 'map[string]string') return mapText('string', value)
  if (goType === 'v1.ResourceList') return mapText('resource.Quantity', value)
  const special = specialTypes.get(goType)
  if (special !== undefined) return special(value)
  const fields = fieldsOfGoType.get(goType)
  if (fields !== undefined) return structText(fields, isJsonObject(value) ? value : {})
  if (integerTypes.has(goType)) return String(typeof value === 'number' ? value : 0)
  if (goType === 'bool') return String(value === true)
  return typeof value === 'string' ? value : ''
}

/** The text that is hashed, for a Pod template in its stored (defaulted) form. */
export const podTemplateText = (template: object): string =>
  // A stored template is JSON.
  `(v1.PodTemplateSpec)${valueText('v1.PodTemplateSpec', template as JsonObject)}`

/** Without a collision count nothing is appended; with one, 8 bytes of which the first 4 are the count, lowest first. */
export const podTemplateHash = (template: object, collisionCount?: number): string => {
  const bytes = collisionCount === undefined ? [] : [0, 8, 16, 24].map((shift) => (collisionCount >>> shift) & 0xff).concat([0, 0, 0, 0])
  return encodeHash(fnv1a(podTemplateText(template), bytes))
}
