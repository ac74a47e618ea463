/** What a search has found, as files: each a scenario that shows it by itself, and beside it what a run of that prints. */
import { existsSync } from 'node:fs'
import type { LastWrites } from './exit-codes.js'
import { storyOfFile } from './print-run.js'
import { isSpecialFile, refuseUnwritable, writeWhole } from './write-files.js'

const numbered = (path: string, number: number): string => (number === 1 ? path : path.replace(/(\.ya?ml)?$/, `-${number}$1`))

/** `broken.yaml` → `broken.txt` */
const storyPath = (path: string): string => path.replace(/(\.ya?ml)?$/, '.txt')

const placesOf = (path: string): readonly string[] => (isSpecialFile(path) ? [path] : [path, storyPath(path)])

/** Refuses early what would be refused at the end. */
export const refuseFindings = (path: string, overwrite: boolean): void => {
  for (const place of placesOf(path)) refuseUnwritable(place, overwrite)
}

/** Answers where they are, if they shall be written. Further ones leave alone what is there already, unless it may be replaced. */
export const writeFindings = (
  { write: path, overwrite = false }: { readonly write?: string; readonly overwrite?: boolean },
  texts: () => readonly string[],
  last: LastWrites,
): readonly string[] => (path === undefined ? [] : last.attempt(() => writeAll(path, texts(), overwrite), []))

const writeAll = (path: string, texts: readonly string[], overwrite: boolean): readonly string[] => {
  let number = 0
  return texts.map((text) => {
    do number += 1
    while (number > 1 && !overwrite && placesOf(numbered(path, number)).some((place) => existsSync(place)))
    const own = isSpecialFile(path) ? path : numbered(path, number)
    writeWhole(own, text)
    if (!isSpecialFile(own)) writeWhole(storyPath(own), storyOfFile(own, text))
    return own
  })
}
