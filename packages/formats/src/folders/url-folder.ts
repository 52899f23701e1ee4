/** A model folder on any HTTP server, read by ranges and not cached. For the hub see `openHubModel`. */
import { openUrl, type UrlSourceOptions } from '../sources/url-source.js'
import { SourceError } from '../errors.js'
import { modelFolder, type ModelFolder } from './model-folder.js'

/** HTTP has no listing; these are the names that are asked for. */
export const usualFiles = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'tokenizer.json',
  'tokenizer_config.json',
] as const

/** Opens `base` as a folder: its last part is a folder, with or without the final slash. */
export function urlFolder(base: string | URL, options: Omit<UrlSourceOptions, 'signal'> = {}): ModelFolder {
  const root = new URL(base)
  if (!root.pathname.endsWith('/')) root.pathname += '/'
  const url = (file: string) => {
    const full = new URL(root)
    full.pathname += file.split('/').map(encodeURIComponent).join('/')
    return full
  }
  const exists = async (file: string, signal: AbortSignal | undefined) => {
    const send = options.fetch ?? fetch
    const response = await send(url(file), {
      method: 'HEAD',
      ...(options.headers && { headers: options.headers }),
      ...(signal && { signal }),
    })
    if (response.ok || response.status === 404) return response.ok
    throw new SourceError(String(url(file)), 'failed', `the server answered ${response.status}.`)
  }
  const list: ModelFolder['list'] = async (listOptions) => {
    const found = await Promise.all(usualFiles.map((file) => exists(file, listOptions?.signal)))
    return usualFiles.filter((_, i) => found[i])
  }
  return modelFolder(root.href.replace(/\/$/, ''), list, (file, readOptions) =>
    openUrl(url(file), { ...options, signal: readOptions?.signal }),
  )
}
