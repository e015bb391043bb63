/** `1 service`, `3 services`. `print`: prints the number. */
export function plural(
  amount: number,
  one: string,
  many = `${one}s`,
  print: (amount: number) => string = String,
): string {
  return `${print(amount)} ${amount === 1 ? one : many}`;
}
