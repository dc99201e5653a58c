/** The clause that says how to change one parameter of a deployment, and to keep the others. */
export function deployWith(name: string, value: string): string;
