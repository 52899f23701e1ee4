/** What can be wrong with a chat template and its use. */
import { TokenizerError } from '../errors.js'

/** There is no template, no template of that name, or the text of one is broken or refuses the messages. */
export class ChatTemplateError extends TokenizerError {
  override name = 'ChatTemplateError'
  constructor(
    /** What was asked of the template. */
    readonly problem: 'missing' | 'ambiguous' | 'broken' | 'refused',
    message: string,
    options?: ErrorOptions,
  ) {
    super(`chat template: ${message}`, options)
  }
}

/** The optional peer `@huggingface/jinja` is not installed. */
export class MissingJinjaError extends TokenizerError {
  override name = 'MissingJinjaError'
  readonly peer = '@huggingface/jinja'
  constructor(options?: ErrorOptions) {
    super(
      'chat template: @huggingface/jinja is not installed. Run npm install @huggingface/jinja, or pass it as { jinja }.',
      options,
    )
  }
}
