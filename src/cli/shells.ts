/** The shells that can be completed for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/**
 * Each script asks `sim-pipeline __complete WORDS…` at every Tab, whose answer is a candidate a
 * line, a tab before its description, and a last line `:yaml`, `:folders` or `:any` where files fit.
 * Works with the bash 3.2 of macOS, which lacks mapfile and compopt.
 */
export const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: `_sim_pipeline() {
  local line kind="" word=\${COMP_WORDS[COMP_CWORD]}
  [[ $word == "=" ]] && word=""
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) kind=\${line#:} ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ $kind ]] || return 0
  compopt -o filenames 2>/dev/null
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(
    compgen -d -- "$word"
    [[ $kind == any ]] && compgen -f -- "$word"
    [[ $kind == yaml ]] && { compgen -f -X '!*.yaml' -- "$word"; compgen -f -X '!*.yml' -- "$word"; }
  )
}
complete -F _sim_pipeline sim-pipeline
`,
  zsh: `_sim_pipeline() {
  local line kind
  local -a candidates
  while IFS= read -r line; do
    case $line in
      :*) kind=\${line#:} ;;
      *) line=\${line//:/\\\\:}; candidates+=("\${line/$'\\t'/:}") ;;
    esac
  done < <("\${(Q)words[1]}" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && _describe sim-pipeline candidates
  case $kind in
    yaml) _files -g '*.(yaml|yml)' ;;
    folders) _files -/ ;;
    any) _files ;;
  esac
}
compdef _sim_pipeline sim-pipeline
`,
  fish: `function __sim_pipeline_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case :yaml
        __fish_complete_suffix .yaml
        __fish_complete_suffix .yml
      case :folders
        __fish_complete_directories "$current"
      case :any
        __fish_complete_path "$current"
      case '*'
        echo $line
    end
  end
end
complete -c sim-pipeline -f -a '(__sim_pipeline_complete)'
`,
};
