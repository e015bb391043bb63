/** Prints `1 service` or `3 services`. `print` formats the number. */
export function plural(
  amount: number,
  one: string,
  many = `${one}s`,
  print: (amount: number) => string = String,
): string {
  return `${print(amount)} ${amount === 1 ? one : many}`;
}
