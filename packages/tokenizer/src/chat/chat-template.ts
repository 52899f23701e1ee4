/** Chat templates: from messages to the text a model was trained on. The templates are Jinja, run by `@huggingface/jinja`, an optional peer. */
import { TokenizerArgumentError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { ChatTemplateError, MissingJinjaError } from './errors.js'
import { type ChatTemplateFiles, readTemplates, type ReadTemplates } from './read-templates.js'

export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or what else the template knows. */
  readonly role: string
  readonly content?: unknown
  readonly [field: string]: unknown
}

/** The part of `@huggingface/jinja` that is used. */
export interface Jinja {
  readonly Template: new (template: string) => { render(values: Record<string, unknown>): string }
}

export interface ChatTemplateOptions {
  /** `@huggingface/jinja` itself. Default: it is imported, which bundlers for browsers may not resolve. */
  readonly jinja?: Jinja
}

export interface ApplyChatTemplateOptions {
  /** Name of a template, or the text of one. Default: `tool_use` if there are tools and it exists, else `default`. */
  readonly chatTemplate?: string
  /** Functions the model may call, as JSON schemas. */
  readonly tools?: readonly object[]
  /** Documents for retrieval. */
  readonly documents?: readonly object[]
  /** End with the beginning of an answer. Default false. */
  readonly addGenerationPrompt?: boolean
  /** Further values that the template reads. */
  readonly templateValues?: Readonly<Record<string, unknown>>
}

const OPTIONS = ['chatTemplate', 'tools', 'documents', 'addGenerationPrompt', 'templateValues']

export class ChatTemplate {
  readonly #read: ReadTemplates
  readonly #jinja: Jinja
  readonly #compiled = new Map<string, InstanceType<Jinja['Template']>>()

  private constructor(read: ReadTemplates, jinja: Jinja) {
    this.#read = read
    this.#jinja = jinja
  }

  /** Reads the files of a model. Throws `MissingJinjaError` if the peer is missing and `ChatTemplateError` if a file is broken. */
  static async load(files: ChatTemplateFiles, { jinja }: ChatTemplateOptions = {}): Promise<ChatTemplate> {
    return new ChatTemplate(readTemplates(files), jinja ?? (await importJinja()))
  }

  /** Names of the templates; empty if the model has none. */
  get names(): readonly string[] {
    return [...this.#read.templates.keys()]
  }

  /**
   * The text of a conversation. Encode it without adding special tokens: the template has put them in. Throws `ChatTemplateError` if
   * there is no such template, or if it is broken or refuses the messages.
   */
  apply(messages: readonly ChatMessage[], options: ApplyChatTemplateOptions = {}): string {
    checkArguments(messages, options)
    const { tools, documents, addGenerationPrompt = false, templateValues = {} } = options
    const template = this.#compile(this.#choose(options))
    const values = { ...this.#read.specialTokens, ...templateValues, messages, tools, documents }
    try {
      return template.render({ ...values, add_generation_prompt: addGenerationPrompt })
    } catch (cause) {
      throw new ChatTemplateError('refused', `${messageOf(cause)}. Check the roles and the order of the messages.`, {
        cause,
      })
    }
  }

  #choose({ chatTemplate, tools }: ApplyChatTemplateOptions): string {
    const { templates } = this.#read
    const named = chatTemplate ?? (tools !== undefined && templates.has('tool_use') ? 'tool_use' : 'default')
    const text = templates.get(named)
    if (text !== undefined) return text
    // what has the marks of Jinja is a template and no name
    if (chatTemplate !== undefined && /\{[{%]/.test(chatTemplate)) return chatTemplate
    if (templates.size === 0) {
      throw new ChatTemplateError(
        'missing',
        'this model has none. Pass one as chatTemplate, or build the text yourself.',
      )
    }
    const problem = chatTemplate === undefined ? 'ambiguous' : 'missing'
    throw new ChatTemplateError(
      problem,
      `there is none with the name ${describe(named)}. Set chatTemplate to one of ${this.names.join(', ')}.`,
    )
  }

  #compile(text: string): InstanceType<Jinja['Template']> {
    const known = this.#compiled.get(text)
    if (known !== undefined) return known
    try {
      const template = new this.#jinja.Template(text)
      this.#compiled.set(text, template)
      return template
    } catch (cause) {
      throw new ChatTemplateError('broken', `it cannot be read as Jinja: ${messageOf(cause)}.`, { cause })
    }
  }
}

/** `ChatTemplate` for one use: the text of a conversation from the files of a model. */
export async function applyChatTemplate(
  files: ChatTemplateFiles,
  messages: readonly ChatMessage[],
  { jinja, ...options }: ApplyChatTemplateOptions & ChatTemplateOptions = {},
): Promise<string> {
  return (await ChatTemplate.load(files, jinja === undefined ? {} : { jinja })).apply(messages, options)
}

async function importJinja(): Promise<Jinja> {
  // not a literal, so that bundlers do not fail where the peer is not installed
  const peer = '@huggingface/jinja'
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ peer)) as Jinja
  } catch (cause) {
    throw new MissingJinjaError({ cause })
  }
}

function checkArguments(messages: readonly ChatMessage[], options: ApplyChatTemplateOptions): void {
  const isMessage = (each: unknown): boolean =>
    typeof each === 'object' && each !== null && typeof (each as ChatMessage).role === 'string'
  if (!Array.isArray(messages) || !messages.every(isMessage)) {
    throw new TokenizerArgumentError('apply: messages', 'a list of objects with a role', describe(messages))
  }
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key))
  if (unknown === undefined) return
  throw new TokenizerArgumentError(`apply: options.${unknown}`, `one of ${OPTIONS.join(', ')}`, 'an unknown option')
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
