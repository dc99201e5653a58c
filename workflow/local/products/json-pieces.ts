import { shorten } from '../../../functions/shared/text.ts';
import { BracketCounter } from './bracket-counter.ts';
import { InputFileError, READABLE } from './input-file-error.ts';

/** One JSON object of a file, as text, and where it begins. */
export interface JsonPiece {
  readonly text: string;
  /** `products.json, line 3`, or `products.json, line 3, element 2` inside a list. */
  readonly where: string;
  /** What is left of a scan's output once its items have been given: `{"Items":[], "Count": 2, ...}`. */
  readonly isRest: boolean;
}

/** DynamoDB's items have 400 KB, which is 2.4 MB of JSON at most; lists are given element by element. */
const MAX_PIECE_CHARACTERS = 64 * 1024 * 1024;

/** DynamoDB takes 32 levels, each of them two brackets in DynamoDB JSON. */
const MAX_DEPTH = 100;

const REST_BEGINS = '{"Items":[]';
const SCAN_BEGINS = /^\{\s*"Items"\s*:\s*\[$/;
const SCAN_HEAD_CHARACTERS = 200;
/** White space of JSON, and the byte order mark of a file that was appended to another. */
const SPACE = /[\t\n\r \ufeff]/;

/** A list of the file, or the items of a scan's output; both have commas between their elements. */
interface Container {
  readonly kind: 'list' | 'scan';
  readonly line: number;
  element: number;
  /** What must come next; a first element may be missing. */
  due: 'first' | 'element' | 'comma';
}

interface OpenPiece {
  text: string;
  readonly line: number;
  readonly isRest: boolean;
  readonly brackets: BracketCounter;
}

/**
 * Cuts a file's text into JSON objects without holding more than one: objects one after the other, with line breaks or
 * without, the elements of lists, and the items of `{"Items": [...]}`. Only line feeds end lines, so that U+2028 and its
 * like may stand in a text.
 */
export class JsonPieces {
  readonly #path: string;
  #line = 1;
  #container: Container | undefined;
  #piece: OpenPiece | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws InputFileError naming the line that cannot be read */
  *push(chunk: string): Generator<JsonPiece> {
    let from = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const character = chunk.charAt(index);
      if (this.#piece === undefined) {
        from = this.#between(character, chunk, index);
      } else if (this.#piece.brackets.see(character)) {
        yield this.#close(this.#piece, chunk.slice(from, index + 1));
      } else if (character === '[' && this.#beginsScan(this.#piece, chunk, { from, index })) {
        this.#container = { kind: 'scan', line: this.#piece.line, element: 0, due: 'first' };
        this.#piece = undefined;
      } else if (character === '\n' && this.#piece.brackets.isInText)
        throw this.#fault(
          'a text contains a line break. A quotation mark is missing, or the line was broken: write \\n for a line break',
        );
      if (character === '\n') this.#line += 1;
      if ((this.#piece?.brackets.depth ?? 0) > MAX_DEPTH)
        throw this.#fault(
          'nested too deeply: DynamoDB takes 32 levels. Take some out, or close the brackets that are missing',
        );
    }
    if (this.#piece !== undefined) this.#keep(this.#piece, chunk.slice(from));
  }

  /** @throws InputFileError where the file ends in the middle of something */
  end(): void {
    const begun = this.#piece ?? this.#container;
    if (begun === undefined) return;
    throw this.#fault(
      `the file ends in the middle of what begins on line ${begun.line}. It is truncated or a bracket is missing: copy it again, or close the bracket`,
    );
  }

  /** A character outside of every piece. Returns where a piece that it begins begins in the chunk. */
  #between(character: string, chunk: string, index: number): number {
    if (SPACE.test(character)) return index;
    const container = this.#container;
    if (character === '{' && container?.due !== 'comma') return this.#open(index);
    if (container === undefined && character === '[')
      this.#container = { kind: 'list', line: this.#line, element: 0, due: 'first' };
    else if (container?.due === 'comma' && character === ',') container.due = 'element';
    else if (container !== undefined && character === ']' && container.due !== 'element')
      return this.#leave(container, index);
    else throw this.#unexpected(chunk.slice(index, index + 40));
    return index;
  }

  #open(index: number): number {
    if (this.#container !== undefined) {
      this.#container.element += 1;
      this.#container.due = 'comma';
    }
    this.#piece = { text: '', line: this.#line, isRest: false, brackets: new BracketCounter() };
    this.#piece.brackets.see('{');
    return index;
  }

  /** At the end of a list; what follows the items of a scan is a piece of its own. */
  #leave({ kind, line }: Container, index: number): number {
    this.#container = undefined;
    if (kind === 'list') return index;
    this.#piece = { text: REST_BEGINS, line, isRest: true, brackets: new BracketCounter() };
    this.#piece.brackets.see('{');
    return index + 1;
  }

  #beginsScan(
    { text, brackets, isRest }: OpenPiece,
    chunk: string,
    { from, index }: { readonly from: number; readonly index: number },
  ): boolean {
    if (this.#container !== undefined || isRest || brackets.depth !== 2) return false;
    const length = text.length + index - from;
    return length < SCAN_HEAD_CHARACTERS && SCAN_BEGINS.test(text + chunk.slice(from, index + 1));
  }

  #close({ text, line, isRest }: OpenPiece, last: string): JsonPiece {
    this.#piece = undefined;
    const element = this.#container === undefined ? '' : `, element ${this.#container.element}`;
    return { text: text + last, where: `${this.#path}, line ${line}${element}`, isRest };
  }

  #keep(piece: OpenPiece, text: string): void {
    piece.text += text;
    if (piece.text.length <= MAX_PIECE_CHARACTERS) return;
    throw this.#fault(
      `what begins on line ${piece.line} does not end within 64 MB, and DynamoDB takes items of 400 KB. A bracket or a quotation mark is missing there: correct it`,
    );
  }

  #unexpected(text: string): InputFileError {
    const found = JSON.stringify(shorten(text, 24));
    const { kind, element, due } = this.#container ?? {};
    if (kind === undefined)
      return this.#fault(
        `not JSON: ${found} where an object or a list must begin. ${READABLE} Correct the line`,
      );
    if (due === 'comma')
      return this.#fault(
        `not JSON: ${found} where a comma or the end of the list must follow element ${element}. Correct the line`,
      );
    return this.#fault(
      `element ${(element ?? 0) + 1}: not an object, but ${found}. Take it out, or make it an object`,
    );
  }

  #fault(what: string): InputFileError {
    return new InputFileError(`${this.#path}, line ${this.#line}: ${what}, then start again.`);
  }
}
