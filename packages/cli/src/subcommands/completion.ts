/** `statefold completion bash | zsh | fish`: from the program's own list of subcommands and flags. */
export interface CompletedCommand {
  readonly name: string
  readonly description: string
  readonly flags: readonly string[]
  readonly subcommands: readonly string[]
}

export type CompletedShell = 'bash' | 'zsh' | 'fish'
export const completedShells: readonly CompletedShell[] = ['bash', 'zsh', 'fish']

const quote = (text: string): string => text.replaceAll("'", '’')

const bash = (commands: readonly CompletedCommand[]): string => `# statefold completion for bash: source <(statefold completion bash)
_statefold() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  case "$command" in
${commands
  .map(
    ({ name, flags, subcommands }) =>
      `    ${name}) if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "${flags.join(' ')}" -- "$word")); else COMPREPLY=($(compgen -W "${subcommands.join(' ')}" -- "$word") $(compgen -f -- "$word")); fi ;;`,
  )
  .join('\n')}
  esac
}
complete -o filenames -F _statefold statefold
`

const zsh = (commands: readonly CompletedCommand[]): string => `#compdef statefold
# statefold completion for zsh: statefold completion zsh > "\${fpath[1]}/_statefold"
_statefold() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    '${name}:${quote(description)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'subcommand' commands
    return
  fi
  case "$words[2]" in
${commands.map(({ name, flags, subcommands }) => `    ${name}) _arguments ${[...flags, ...subcommands].map((flag) => `'${flag.startsWith('-') ? flag : `*:subcommand:(${subcommands.join(' ')})`}'`).join(' ')} '*:file:_files' ;;`).join('\n')}
  esac
}
_statefold "$@"
`

const fish = (commands: readonly CompletedCommand[]): string =>
  `# statefold completion for fish: statefold completion fish > ~/.config/fish/completions/statefold.fish
${commands
  .flatMap(({ name, description, flags, subcommands }) => [
    `complete -c statefold -n __fish_use_subcommand -a ${name} -d '${quote(description)}'`,
    ...flags.map((flag) => `complete -c statefold -n '__fish_seen_subcommand_from ${name}' -l ${flag.replace(/^--/, '')}`),
    ...subcommands.map((sub) => `complete -c statefold -n '__fish_seen_subcommand_from ${name}' -a ${sub}`),
  ])
  .join('\n')}
`

export const completionScript = (shell: CompletedShell, commands: readonly CompletedCommand[]): string =>
  shell === 'bash' ? bash(commands) : shell === 'zsh' ? zsh(commands) : fish(commands)
