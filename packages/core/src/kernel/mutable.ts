/** What is still being made by the one who holds it: read-only for everybody else. */
export type Mutable<T> = { -readonly [Field in keyof T]: T[Field] }
