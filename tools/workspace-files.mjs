import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Directories that hold nothing anybody wrote. */
const skipped = new Set(['node_modules', 'dist', 'coverage', '.git'])

/**
 * Every file under a directory, in a stable order; nothing when the directory does not exist.
 * @param {string} directory
 * @returns {string[]}
 */
export const filesUnder = (directory) => {
  /** @type {import('node:fs').Dirent[]} */
  let entries
  try {
    entries = readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return entries
    .filter((entry) => !skipped.has(entry.name))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? filesUnder(path) : [path]
    })
}
