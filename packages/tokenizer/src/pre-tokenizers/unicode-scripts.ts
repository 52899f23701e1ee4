/** The `UnicodeScripts` pre-tokenizer: cuts where the script changes. Kana count as Han, spaces belong to what is before them. */
import { widthAt } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'

// Codes of ISO 15924, the largest scripts first.
const CODES = `
Hani Hang Zyyy Tang Egyp Latn Arab Xsux Yiii Cans Zinh Sgnw Bamu Hluw Ethi Grek Cyrl Kits Nshu Hira Lina
Kana Vaii Brai Mymr Mend Linb Tibt Geor Cher Mong Deva Miao Khmr Dupl Copt Hebr Glag Lana Bali Hmng Taml
Mlym Brah Sinh Hung Shrd Telu Cpmn Newa Bhks Armn Beng Knda Sidd Gujr Orya Medf Java Merc Tnsa Syrc Adlm
Kawi Thai Runr Gran Wara Laoo Talu Cham Soyo Saur Tirh Guru Dsrt Tutg Mtei Modi Bopo Gonm Lepc Orkh Sund
Tavt Osge Diak Zanb Cakm Hmnp Vith Gara Sind Limb Khar Kthi Takr Marc Khoj Ahom Nand Gong Nkoo Samr Avst
Dogr Tfng Wcho Gukh Krai Pauc Batk Phag Cprt Tayo Tols Aghb Todr Mani Thaa Xpeo Rohg Berf Lisu Cari Olck
Shaw Kali Yezi Sylo Sunu Onao Perm Mroo Sogd Nagm Osma Elba Nbat Sogo Ital Mahj Mult Rjng Bass Tale Sora
Palm Mero Sarb Narb Ugar Armi Toto Bugi Prti Mand Ogam Lyci Phnx Phlp Chrs Goth Lydi Phli Hatr Sidt Ougr
Maka Tglg Elym Hano Buhd Tagb
`
const HAN = 'Hani'
/** Of characters that count to no script. */
const ANY = ''

const scripts = new Map<number, string>()

function scriptOf(point: number): string {
  const known = scripts.get(point)
  if (known !== undefined) return known
  const found = point === 0x20 ? ANY : point === 0x30fc ? HAN : findScript(String.fromCodePoint(point))
  scripts.set(point, found)
  return found
}

function findScript(character: string): string {
  const code = CODES.trim()
    .split(/\s+/)
    .find((each) => isOf(each, character))
  return code === 'Hira' || code === 'Kana' ? HAN : (code ?? ANY)
}

/** A script that is newer than the engine has no characters. */
function isOf(code: string, character: string): boolean {
  try {
    return new RegExp(`^\\p{Script=${code}}`, 'u').test(character)
  } catch {
    return false
  }
}

/** As in the reference, what stands before the first script is dropped. */
export const unicodeScripts: PreTokenizer = (text, start, end, emit, origin) => {
  let from = -1
  let before: string | undefined
  for (let at = start; at < end; at += widthAt(text, at)) {
    const script = scriptOf(text.codePointAt(at)!)
    if (script === ANY || script === before) continue
    if (from >= 0) emit(text, from, at, origin)
    from = at
    before = script
  }
  if (from >= 0) emit(text, from, end, origin)
}
