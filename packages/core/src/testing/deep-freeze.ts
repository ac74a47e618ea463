/** Freezes a value and all it holds, so that a change of shared structure throws where it happens. What is frozen already is not walked again. */
export const deepFreeze = <T>(value: T): T => {
  const pending: unknown[] = [value]
  for (let item = pending.pop(); item !== undefined || pending.length > 0; item = pending.pop()) {
    if (typeof item !== 'object' || item === null || Object.isFrozen(item)) continue
    Object.freeze(item)
    for (const field of Object.values(item)) if (typeof field === 'object' && field !== null) pending.push(field)
  }
  return value
}
