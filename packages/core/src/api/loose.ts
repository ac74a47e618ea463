/** What somebody sent: the JSON types are right, but any field may be absent and any text may stand where only some words are allowed. */
export type Loose<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends readonly (infer Item)[]
        ? readonly Loose<Item>[]
        : T extends object
          ? string extends keyof T
            ? { readonly [key: string]: Loose<T[keyof T]> }
            : { readonly [Key in keyof T]?: Loose<T[Key]> }
          : T

/** An object as sent, with the fields of its kind. */
export const loosely = <T>(object: object): Loose<T> =>
  // Strict decoding has checked names and JSON types of all fields against the kind.
  object as Loose<T>
