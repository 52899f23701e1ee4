// The import and export statements of a source file, found by pattern: the formatter puts each at the start of a line.
import { readFileSync } from 'node:fs'

export type Import = {
  readonly specifier: string
  readonly names: readonly string[]
  /** type: erased at run time; static: loaded with the module; dynamic: loaded on demand. */
  readonly kind: 'type' | 'static' | 'dynamic'
}

const fromStatement = /^(?:import|export)\s+(type\s+)?([\w*\s{},$]*?)\s*from\s+['"]([^'"]+)['"]/gm
const bareStatement = /^import\s+['"]([^'"]+)['"]/gm
const dynamicCall = /\bimport\(\s*['"]([^'"]+)['"]/g
const declaration =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|interface|type|enum)\s+([\w$]+)/gm
const exportList = /^export\s+(?:type\s+)?\{([^}]*)\}/gm

export function importsOf(file: string): Import[] {
  const text = withoutComments(readFileSync(file, 'utf8'))
  return [
    ...[...text.matchAll(fromStatement)].map(([, type, clause, specifier]) => {
      const members = clauseMembers(clause)
      const erased = type !== undefined || (members.length > 0 && members.every((name) => name.startsWith('type ')))
      return { specifier, names: members.map(importedName), kind: erased ? ('type' as const) : ('static' as const) }
    }),
    ...[...text.matchAll(bareStatement)].map(([, specifier]) => ({ specifier, names: [], kind: 'static' as const })),
    ...[...text.matchAll(dynamicCall)].map(([, specifier]) => ({ specifier, names: [], kind: 'dynamic' as const })),
  ]
}

/** Names which a file exports, types included. */
export function exportedNames(file: string): string[] {
  const text = withoutComments(readFileSync(file, 'utf8'))
  const declared = [...text.matchAll(declaration)].map(([, name]) => name)
  const listed = [...text.matchAll(exportList)].flatMap(([, clause]) => clauseMembers(clause).map(localName))
  return [...declared, ...listed]
}

/** '@scope/name/sub' -> '@scope/name'; 'node:fs' stays. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function clauseMembers(clause: string): string[] {
  return clause
    .replace(/[{}]/g, ',')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
}

function importedName(member: string): string {
  return member.replace(/^type\s+/, '').split(/\s+as\s+/)[0]
}

function localName(member: string): string {
  return member
    .replace(/^type\s+/, '')
    .split(/\s+as\s+/)
    .at(-1)!
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
