/** Equality as controllers mean it: absent, null, an empty list and an empty object are one. */

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : typeof value === 'object' && Object.keys(value).length === 0)

// Follows Semantic.DeepEqual in apimachinery/pkg/api/equality/semantic.go.
export const semanticallyEqual = (one: unknown, other: unknown): boolean => {
  if (one === other) return true
  if (isEmpty(one) || isEmpty(other)) return isEmpty(one) && isEmpty(other)
  if (typeof one !== 'object' || typeof other !== 'object') return false
  if (Array.isArray(one) || Array.isArray(other)) {
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((value, index) => semanticallyEqual(value, other[index]))
    )
  }
  // Neither is null (that is empty) nor a list: objects, whose fields may be looked up by name.
  const [left, right] = [one as { readonly [key: string]: unknown }, other as { readonly [key: string]: unknown }]
  for (const key of Object.keys(left)) if (!semanticallyEqual(left[key], right[key])) return false
  for (const key of Object.keys(right)) if (!(key in left) && !isEmpty(right[key])) return false
  return true
}
