/** What the checks of who made a plane's identities have in common, whichever cloud keeps the record. */

/** For sabotages. @returns a change of the call that made one; false where none did, so that there is nothing to break. */
export function changing<Made, Call>(callThatMade: (made: Made) => Call | undefined) {
  return (made: Made | undefined, apply: (call: Call) => void): undefined | false => {
    const call = made && callThatMade(made);
    if (!call) return false;
    apply(call);
    return undefined;
  };
}
