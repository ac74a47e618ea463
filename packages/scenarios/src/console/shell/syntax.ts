/** What a shell script is, once it is read: commands, words and the parts of words. Plain data, never changed. */

export type WordPart =
  /** `quoted` text is taken as it is: no globs, no splitting, no braces. */
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** `$NAME`, `${NAME}`, `${NAME:-word}`, `${#NAME}`. */
  | {
      readonly kind: 'parameter'
      readonly name: string
      readonly operator: string | undefined
      readonly argument: Word
      readonly quoted: boolean
    }
  | { readonly kind: 'command'; readonly script: Script; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly expression: Word; readonly quoted: boolean }

export type Word = readonly WordPart[]

export interface Assignment {
  readonly name: string
  readonly value: Word
}

export type Redirect =
  | { readonly kind: 'read'; readonly descriptor: number; readonly target: Word }
  | { readonly kind: 'write' | 'append'; readonly descriptor: number; readonly target: Word }
  /** `2>&1`; `from` is where the descriptor goes from now on. */
  | { readonly kind: 'duplicate'; readonly descriptor: number; readonly from: number }
  /** `&>file` */
  | { readonly kind: 'both'; readonly target: Word }
  | { readonly kind: 'document'; readonly descriptor: number; readonly text: Word }

export type Command =
  | {
      readonly kind: 'simple'
      readonly assignments: readonly Assignment[]
      readonly words: readonly Word[]
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'for'
      readonly name: string
      /** Undefined: the positional parameters. */
      readonly words: readonly Word[] | undefined
      readonly body: Script
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'while' | 'until'
      readonly condition: Script
      readonly body: Script
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly condition: Script; readonly body: Script }[]
      readonly otherwise: Script | undefined
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'case'
      readonly word: Word
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: Script }[]
      readonly redirects: readonly Redirect[]
    }
  | { readonly kind: 'group' | 'subshell'; readonly body: Script; readonly redirects: readonly Redirect[] }

export interface Pipeline {
  readonly negated: boolean
  readonly commands: readonly Command[]
}

/** Pipelines joined by `&&` and `||`; the first has no joint. */
export interface AndOrList {
  readonly first: Pipeline
  readonly rest: readonly { readonly joint: '&&' | '||'; readonly pipeline: Pipeline }[]
}

export type Script = readonly AndOrList[]
