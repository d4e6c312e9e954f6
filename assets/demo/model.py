"""The models of the demo experiment. A whole pickled model (exports/glyphs_model.pth) names the class here
by its path, `model.GlyphNet`: it loads only where this file can be imported."""

from torch import nn


class SpiralNet(nn.Module):
    """Points of the plane to one of three spiral arms; large for its 90 training points."""

    def __init__(self, width=48, classes=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.body(x))


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class GlyphNet(nn.Module):
    """12x12 grey images to one of six glyphs; batch norm and dropout, so train and eval mode differ."""

    def __init__(self, classes=6, width=8, dropout=0.2):
        super().__init__()
        self.classes = classes
        self.blocks = nn.Sequential(ConvBlock(1, width), nn.MaxPool2d(2), ConvBlock(width, 2 * width))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        return self.fc(self.dropout(self.blocks(x).amax((2, 3))))


class Forecaster(nn.Module):
    """The next value of a series from the sixteen before it."""

    def __init__(self, hidden=16):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.gru(x)[0][:, -1])
