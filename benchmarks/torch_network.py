"""The network in PyTorch, in a module of its own, for processes to find."""

import torch


class Network(torch.nn.Module):
    """A recurrent layer and a linear layer on its last state, or on both last states.

    `kind` is "LSTM", "GRU" or "RNN".
    """

    def __init__(self, n_features, units, kind="LSTM", bidirectional=False):
        super().__init__()
        layer = getattr(torch.nn, kind)
        settings = {"batch_first": True, "bidirectional": bidirectional}
        self.recurrent = layer(n_features, units, **settings)
        self.output = torch.nn.Linear(units * (1 + bidirectional), 1)

    def forward(self, x):
        """Compute the outputs."""
        _, states = self.recurrent(x)
        hidden = states[0] if isinstance(states, tuple) else states
        return self.output(torch.cat(list(hidden), dim=1))


class LSTMFCN(torch.nn.Module):
    """An LSTM on patches beside convolutions."""

    def __init__(self, units, n_classes, patch_size, filters, kernels, pool_size):
        super().__init__()
        self.patch_size = patch_size
        self.lstm = torch.nn.LSTM(patch_size, units, batch_first=True)
        self.dropout = torch.nn.Dropout(0.8)
        made, before = [], 1
        for n_filters, kernel in zip(filters, kernels, strict=True):
            if made and pool_size > 1:
                made.append(torch.nn.MaxPool1d(pool_size))
            made += [
                torch.nn.Conv1d(before, n_filters, kernel, padding="same", bias=False),
                torch.nn.BatchNorm1d(n_filters),
                torch.nn.ReLU(),
            ]
            before = n_filters
        self.fcn = torch.nn.Sequential(*made)
        self.output = torch.nn.Linear(units + before, n_classes)

    def forward(self, x):
        """Compute the outputs."""
        patches = x.reshape(len(x), -1, self.patch_size)
        state = self.dropout(self.lstm(patches)[0][:, -1])
        mean = self.fcn(x.transpose(1, 2)).mean(dim=2)
        return self.output(torch.cat([state, mean], dim=1))
