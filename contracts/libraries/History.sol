// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A value that changes over time, kept whole
/// @notice Entries are appended with the block's time and never changed, so times do not decrease; a look-up is a binary search.
library History {
    struct Entry {
        uint64 since;
        uint8 value;
    }

    /// @notice Appends `value` from the block's time on.
    /// @param self the history
    /// @param value the new value
    /// @return since the block's time, Unix seconds
    function append(Entry[] storage self, uint8 value) internal returns (uint64 since) {
        since = uint64(block.timestamp);
        self.push(Entry(since, value));
    }

    /// @notice The value at `time`: that of the last entry not later than it, or 0. Of entries of one second the last counts.
    /// @param self the history
    /// @param time Unix seconds
    /// @return the value
    function valueAt(Entry[] storage self, uint64 time) internal view returns (uint8) {
        uint256 low = 0;
        uint256 high = self.length;
        // Invariant: entries below `low` are not later than `time`, entries from `high` on are.
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self[middle].since <= time) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? 0 : self[low - 1].value;
    }

    /// @notice The last value, or 0.
    /// @param self the history
    /// @return the value
    function latest(Entry[] storage self) internal view returns (uint8) {
        uint256 length = self.length;
        return length == 0 ? 0 : self[length - 1].value;
    }
}
