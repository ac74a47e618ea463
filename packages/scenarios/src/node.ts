/** The part of this package that touches files. */
export {}
