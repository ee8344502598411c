/** A range of the document's bytes that has not been decoded: `start` up to, not including, `end`. */
export class Raw {
  readonly start: number;
  readonly end: number;
  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}
