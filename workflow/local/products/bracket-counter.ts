/** How deep a place in JSON text lies, and whether inside a text. */
export class BracketCounter {
  depth = 0;
  isInText = false;
  #isEscaped = false;

  /** Takes the next character; true where it closes the outermost bracket. */
  see(character: string): boolean {
    if (this.isInText) this.#seeInText(character);
    else if (character === '"') this.isInText = true;
    else if (character === '{' || character === '[') this.depth += 1;
    else if (character === '}' || character === ']') this.depth -= 1;
    else return false;
    return this.depth === 0;
  }

  #seeInText(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '\\') this.#isEscaped = true;
    else if (character === '"') this.isInText = false;
  }
}
