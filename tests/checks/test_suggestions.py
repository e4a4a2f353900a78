"""Which known name an error suggests for a wrong one, measured on mistakes."""

import inspect

import pytest

import architect
import synapse
from synapse import Trainer, _cost, _initializer, _squash, optimizers
from synapse._checks.names import MIN_SIMILARITY, closest, suggested


def parameters(call):
    return [name for name in inspect.signature(call).parameters if name != "self"]


KNOWN = {
    "synapse": [name for name in dir(synapse) if name[0] != "_"],
    "architect": dir(architect),
    "squash": [*_squash.by_name, *_squash.by_name.synonyms],
    "cost": [*_cost.by_name, *_cost.by_name.synonyms],
    "initializers": [*_initializer.by_name, *_initializer.by_name.synonyms],
    "optimizers": dir(optimizers),
    "train": [*parameters(Trainer.train), *parameters(Trainer)],
    "LSTM": parameters(architect.LSTM),
}
"""Names among which an error looks, by module or call."""

MEANT = {
    "synapse": {
        "Trainer": "Trianer trainer Trainers train",
        "Network": "Netwrok Networks",
        "Model": "models Modle",
        "Neuron": "Nueron Neurons",
        "Layer": "layer Layers",
        "Connection": "Conection",
        "optimizers": "optimizer optimisers Optimizer",
        "initializers": "initializer initialisers",
        "squashes": "squash",
        "costs": "cost",
        "load": "load_model load_network",
        "save": "save_model",
        "from_edges": "from_edge from_edgelist",
        "from_torch": "from_pytorch",
        "to_torch": "to_pytorch",
        "gradient": "gradients",
        "check_gradient": "check_gradients",
        "record": "recorder recording",
        "forecast": "forecasts forecaster",
        "experiments": "experiment",
        "tasks": "task",
        "tables": "table",
        "reward": "rewards",
        "analysis": "analyse analyze",
        "evolve": "evolution",
        "readwrite": "readwrit",
        "Ensemble": "Ensembles",
        "Projection": "Projections",
        "Topology": "Topologies topology",
        "tie": "ties",
        "untie": "Untie",
        "every": "everyy",
    },
    "architect": {
        "LSTM": "LSMT LTSM LSTMCell BiLSTM",
        "GRU": "GRUCell Gru",
        "Elman": "Elmann Elman_ ElmanNetwork",
        "Jordan": "Jordon",
        "Hopfield": "Hopfeild HopfieldNetwork",
        "Perceptron": "Percepton MultiLayerPerceptron Perceptrons",
        "NARX": "Narx NAR",
        "CfC": "CFC",
        "CTRNN": "CTRN Ctrnn",
        "Convolutional": "Convolution",
        "Residual": "ResidualNetwork",
        "Random": "RandomNetwork",
        "Liquid": "LiquidStateMachine",
        "Spiking": "SpikingNetwork Spike",
        "construct": "Construct constuct",
    },
    "squash": {
        "sigmoid": "sigmiod sigmoids",
        "tanh": "tahn tan_h",
        "relu": "relu6",
        "softplus": "softplu soft_plus",
        "logistic": "logsitic",
        "identity": "identidy",
    },
    "cost": {
        "mean_squared_error": "mean_square_error mean_squard_error",
        "cross_entropy": "crossentropy cross_entropie",
    },
    "initializers": {
        "orthogonal": "ortogonal",
        "glorot": "glorott",
        "normal": "normall",
        "uniform": "unifrom",
    },
    "optimizers": {
        "Adam": "Adm adam",
        "AdamW": "Adamw",
        "RMSprop": "RMSProp RmsProp",
        "AdaGrad": "Adagrd adgrad",
        "SGD": "Sgd",
        "LBFGS": "Lbfgs L_BFGS",
    },
    "train": {
        "epochs": "epoch epohcs",
        "batch_size": "batchsize",
        "shuffle": "shufle suffle",
        "callbacks": "callback callbaks",
        "validation": "validation_data validate",
        "patience": "patient",
        "metrics": "metric",
        "progress": "progess",
        "class_weight": "class_weights",
        "sample_weight": "sample_weights",
        "optimizer": "optimiser optimizers",
        "checkpoint": "checkpoints",
        "seed": "seeds",
        "targets": "target",
        "inputs": "input inputss",
        "goal": "goals max_goal",
        "threads": "threadz thread",
        "dropout": "droput drop_out",
        "clip": "gradient_clip clipping",
        "window": "windows",
        "resume": "resumed",
    },
    "LSTM": {
        "peepholes": "peephole peepholess",
        "hidden_to_hidden": "hidden_to_hiden",
        "input_to_output": "inputs_to_output input_to_outputs",
        "squash": "squas",
        "initializer": "initialiser",
    },
}
"""Wrong names, separated by spaces, by the known name that was meant."""

NOT_KNOWN = {
    "synapse": """
        utils functional no_grad plot metrics datasets callbacks callback
        backend activations from_graph from_numpy set_seed manual_seed seed
        Tensor tensor Module Variable Input Graph DiGraph Node Edge fit predict
        random device cuda History losses regularizers preprocessing pipeline
        visualize export config version Parameter Loss
    """,
    "architect": """
        ResNet LSM Custom MLP ESN Reservoir SNN LIF Autoencoder Transformer
        Attention Embedding Boltzmann Kohonen Dropout
    """,
    "cost": """hinge cosine triplet poisson""",
    "initializers": """identity variance_scaling""",
    "optimizers": """Lion Adadelta Ftrl lr_scheduler StepLR""",
    "train": """
        verbos workerz worker weights momentum nesterov decay device
        scheduler
    """,
    "LSTM": """
        bidirectional stateful return_sequences num_layers activation
        recurrent_activation
    """,
}
"""Names of other libraries that have no equivalent with a similar name."""


def mistakes(suggest):
    """Wrong names for which another name than the right one is suggested, and those for
    which none is."""
    wrong = {}
    missed = set()
    for module, meant in MEANT.items():
        for right, names in meant.items():
            for name in names.split():
                answer = suggest(name, KNOWN[module])
                if answer is None:
                    missed.add(name)
                elif answer != right:
                    wrong[name] = answer
    for module, names in NOT_KNOWN.items():
        for name in names.split():
            if (answer := suggest(name, KNOWN[module])) is not None:
                wrong[name] = answer
    return wrong, missed


def test_suggestions_are_right_or_none_is_made():
    wrong, missed = mistakes(suggested)
    assert wrong == {"load_network": "Network", "LSM": "LSTM"}
    assert missed == {"analyze", "evolution", "Spike"}


@pytest.mark.parametrize(
    ("like", "most_wrong", "most_missed"),
    [(0.6, 19, 4), (0.7, 6, 14), (MIN_SIMILARITY, 2, 17), (0.85, 1, 33)],
)
def test_the_cut_off_has_been_measured(like, most_wrong, most_missed):
    """By similarity alone: below it wrong suggestions are more, above it right ones
    fewer. Known names at the ends of wrong ones bring most of these back."""
    wrong, missed = mistakes(lambda name, names: closest(name, names, like))
    assert (len(wrong), len(missed)) == (most_wrong, most_missed)
