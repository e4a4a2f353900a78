// Building: a form for what is selected, drags from a neuron, recipes, undo and redo.
function showEdits() {}
