// The editor for who may only look: terms can be walked over and looked up, and nothing opens that could not be kept.
WB.synonyms.rights = (ed) => {
  const held = (owner, name, says) => {
    const work = owner[name];
    if (work) owner[name] = (...given) => ((says ? WB.permitted("edit") : WB.may("edit")) ? work(...given) : undefined);
  };
  held(ed, "renameField", false); // a click on a term opens it: who only looks clicks as well
  for (const name of ["addField", "newGroup", "pasteDialog", "travel", "restore", "move", "remove", "send"]) held(ed, name, true);
  for (const name of Object.keys(ed.act)) held(ed.act, name, true);
};
