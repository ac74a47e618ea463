/** A value as Go's `%v` prints it: `[a b]`, `map[k:v]`, `<nil>`. */
import { wordOf } from '../json-object.js'
import { isJsonObject, type Json } from '@statefold/core'

export const goText = (value: Json): string => {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map((item: Json) => goText(item)).join(' ')}]`
  if (isJsonObject(value)) {
    return `map[${Object.keys(value)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .flatMap((key) => {
        const item = value[key]
        return item === undefined ? [] : [`${key}:${goText(item)}`]
      })
      .join(' ')}]`
  }
  return wordOf(value)
}
